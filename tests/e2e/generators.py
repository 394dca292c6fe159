"""Blocks that generators make for whoever asks them."""


def inner():
    for _ in range(8):
        yield bytearray(5000000)  # YIELD


def outer():
    yield from inner()


def consume():
    return list(outer())


def by_hand():
    """One generator, resumed from two functions."""
    g = inner()
    return [first(g), second(g)]


def first(g):
    return next(g)


def second(g):
    return next(g)


blocks = consume()
more = by_hand()
