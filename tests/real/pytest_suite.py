import json

import pytest

cache = []


@pytest.fixture(scope="module")
def records():
    return [{"id": i, "text": "x" * 2000} for i in range(10000)]


def test_encode(records):
    cache.append(json.dumps(records))
    assert len(cache[0]) > 20000000


@pytest.mark.parametrize("n", range(20))
def test_blocks(n):
    block = bytearray(1000000 + n)
    assert len(block) == 1000000 + n


def test_fails():
    assert [1, 2, 3] == [1, 2, 4]
