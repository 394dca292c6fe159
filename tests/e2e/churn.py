"""Many threads of C, each of which makes a block of 1000 bytes and ends."""

import ctypes
import sys

churn = ctypes.CDLL(sys.argv[1]).churn


def run():
    stack = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    return churn(int(sys.argv[2]), int(sys.argv[3]), ctypes.c_size_t(stack))


print(run())
