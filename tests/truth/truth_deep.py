"""Stacks of thousands of frames."""
import sys

from truth_kinds import block, step
from truth_log import reserve


def dive(depth, bottom):
    make, size = block()
    if depth % 400 == 0:
        make(size)
    if depth == 0:
        bottom()
    else:
        dive(depth - 1, bottom)
    if depth % 1000 == 1:
        make(size)


def many_at_bottom():
    make, size = block()
    for _ in range(4):
        make(size)
    for n in reserve(30): bytes(n)
    step(1)


def saw(teeth):
    """Up and down near the bottom of a deep stack."""
    for i in range(teeth):
        down(i % 7)


def down(depth):
    if depth:
        return down(depth - 1)
    make, size = block()
    return make(size)


class Tree:
    def __init__(self, depth):
        self.child = Tree(depth - 1) if depth else None
        if depth % 100 == 0:
            make, size = block()
            self.block = make(size)


def comprehend(depth):
    if depth == 0:
        step(0)
        return 0
    return [comprehend(depth - 1) for _ in range(1)][0]


def deep_generator(depth):
    if depth:
        yield from deep_generator(depth - 1)
    else:
        for _ in range(3):
            make, size = block()
            make(size)
            yield 1


def run(deepest):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(12000)
    try:
        for depth in (10, 300, 511, 512, 513, 1000, 5000):
            if depth <= deepest:
                dive(depth, many_at_bottom)
        dive(min(deepest, 1000), lambda: saw(20))
        Tree(400)
        comprehend(200)
        for _ in deep_generator(300):
            make, size = block()
            make(size)
    finally:
        sys.setrecursionlimit(limit)


def overflow(depth):
    make, size = block()
    if depth % 100 == 0:
        make(size)
    overflow(depth + 1)


def run_overflow():
    """The stack at RecursionError is not the one after it."""
    make, size = block()
    try:
        overflow(1)
    except RecursionError:
        make(size)
    make(size)
