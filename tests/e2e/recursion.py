"""50 MB allocated 5000 calls deep."""

import sys


def deep(n):
    if n == 0:
        return bytearray(50000000)
    return deep(n - 1)


sys.setrecursionlimit(10000)
block = deep(5000)
