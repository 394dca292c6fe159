"""Call a function of unnoticed.c: errno, swap or handlers."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
api = ctypes.pythonapi


def swap():
    """The interpreter's first allocator; 3.13 and later do not go back to it."""
    first = getattr(api, "_PyMem_SetDefaultAllocator", None)
    if first is None:
        return 0
    return library.swap(api.PyMem_RawMalloc, api.PyMem_RawFree, first,
                        api.PyMem_SetAllocator)


if sys.argv[2] == "errno":
    print(library.errno_changes(20), "changes")
elif sys.argv[2] == "handlers":
    print(library.handlers(), "rounds")
else:
    print(swap(), "swaps")
