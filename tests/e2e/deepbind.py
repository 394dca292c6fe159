"""Blocks that go in and out of libraries opened with RTLD_DEEPBIND."""

import ctypes
import os
import sys

DEEP = os.RTLD_DEEPBIND
program = ctypes.CDLL(None)
program.malloc.restype = ctypes.c_void_p
program.malloc.argtypes = [ctypes.c_size_t]
program.free.argtypes = [ctypes.c_void_p]


def load(mode):
    return ctypes.CDLL("./plain.so", mode=mode | DEEP)


def inside(lib):
    return lib.get(7000000)


def copies(lib):
    return [lib.copy(b"x" * 1000000) for _ in range(4)]


def through(lib):
    for i in range(10):
        lib.drop(program.malloc(5000000 + i * 100000))


def back(lib):
    for i in range(10):
        program.free(lib.get(5000000 + i * 100000))


def main():
    mode = getattr(os, sys.argv[1])
    lib = load(mode)
    lib.get.restype = lib.copy.restype = ctypes.c_void_p
    lib.get.argtypes = [ctypes.c_size_t]
    lib.drop.argtypes = [ctypes.c_void_p]
    kept = inside(lib), copies(lib)
    through(lib)
    back(lib)
    print(ctypes.CDLL("./own.so", mode=mode | DEEP).is_own())
    opens = ctypes.CDLL("./opens.so")
    for deep in 0, DEEP:
        print(opens.opens(b"found.so", mode | deep))
        print(opens.opens(b"$ORIGIN/sub/found.so", mode | deep))
        print(opens.opens(b"lost.so", mode | deep))
    return kept


main()
