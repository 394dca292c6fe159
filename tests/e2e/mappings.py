"""Mappings that are moved, replaced, doubled and unmapped in part.  Prints
what each function must have in the end."""

import ctypes

M = 1 << 20
PRIVATE, SHARED = 0x22, 0x21
MAYMOVE, FIXED, DONTUNMAP = 1, 2, 4
FAILED = ctypes.c_void_p(-1).value

libc = ctypes.CDLL(None, use_errno=True)
P, Z, I = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
libc.mmap.restype = libc.mremap.restype = P
libc.mmap.argtypes = [P, Z, I, I, I, ctypes.c_long]
libc.munmap.argtypes = [P, Z]
libc.mremap.argtypes = [P, Z, Z, I, P]


def mmap(size, flags=PRIVATE):
    p = libc.mmap(None, size, 3, flags, -1, 0)
    assert p != FAILED
    return p


def mremap(p, old, size, flags, to=None):
    q = libc.mremap(p, old, size, flags, to)
    assert q != FAILED
    ctypes.memset(q, 1, size)
    return q


# Two mappings of the same size, of which one is empty now.
def stays():
    p = mmap(40 * M)
    q = libc.mremap(p, 40 * M, 40 * M, MAYMOVE | DONTUNMAP, None)
    if q == FAILED:  # the kernel is too old
        mmap(40 * M)
    else:
        assert q != p
        ctypes.memset(p, 1, 40 * M)


def replaced():
    return mmap(9 * M)


def replaces(p):
    q = mmap(4 * M)
    mremap(q, 4 * M, 4 * M, MAYMOVE | FIXED, p + 2 * M)


# The kernel unmaps the whole of the last page.
def odd():
    p = mmap(7 * M)
    assert libc.munmap(p + M, 2 * M - 100) == 0


# The same pages in two places.
def twice():
    p = mmap(6 * M, SHARED)
    mremap(p, 0, 6 * M, MAYMOVE)


def grows():
    p = mmap(3 * M)
    mremap(p, 3 * M, 30 * M, MAYMOVE)


def shrinks():
    p = mmap(30 * M)
    mremap(p, 30 * M, 11 * M, 0)


def fails():
    p = mmap(13 * M)
    assert libc.mremap(p, 13 * M, 1 << 60, MAYMOVE, None) == FAILED
    assert libc.mremap(p, 13 * M, 13 * M, MAYMOVE | FIXED, p) == FAILED


def gone():
    p = mmap(17 * M)
    assert libc.munmap(p, 17 * M) == 0


def main():
    stays()
    replaces(replaced())
    odd()
    twice()
    grows()
    shrinks()
    fails()
    gone()
    print("stays", 80 * M)
    print("replaced", 5 * M)
    print("replaces", 4 * M)
    print("odd", 5 * M)
    print("twice", 12 * M)
    print("grows", 30 * M)
    print("shrinks", 11 * M)
    print("fails", 13 * M)
    print("gone", 0)


main()
