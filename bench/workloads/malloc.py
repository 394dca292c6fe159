"""usage: malloc.py depth n

Allocate and free n blocks of 1 kB, one at a time, depth frames deep.
"""

import sys

import harness


def deep(depth, n):
    if depth > 1:
        deep(depth - 1, n)
        return
    for _ in range(n):
        bytearray(1000)


depth = int(sys.argv[1])
sys.setrecursionlimit(depth + 200)
harness.run(lambda n: deep(depth, n), int(sys.argv[2]))
