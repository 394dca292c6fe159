"""Small objects, made and dropped by the million: pymalloc's own work."""

import harness


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def work(n):
    for _ in range(n):
        points = [Point(i * 1.5, (i, i + 1000)) for i in range(1000)]
        text = [str(p.y[0]) for p in points]
        del points, text


harness.run(work, 2000)
