"""pytest: collects and runs a suite with fixtures and parameters."""

import os
import sys
import tempfile

import pytest

import harness

SUITE = """
import pytest

@pytest.fixture
def number():
    return 20

@pytest.fixture(params=["a", "b"])
def letter(request):
    return request.param

@pytest.mark.parametrize("n", range(%d))
def test_letters(n, letter, number, tmp_path):
    assert [letter] * n == list(letter * n)
    assert n + number == number + n
"""


def work(n):
    with tempfile.TemporaryDirectory() as folder:
        name = "test_suite_%d.py" % n
        with open(os.path.join(folder, name), "w") as suite:
            suite.write(SUITE % n)
        status = pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir",
                              folder, "--basetemp",
                              os.path.join(folder, "tmp"), folder])
        if status != 0:
            sys.exit("the suite failed")


harness.run(work, 150)
