"""Keep 20 MB, then end in a way that leaves no time to write anything."""

import ctypes
import os
import resource
import sys

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep():
    return [bytearray(1000) for _ in range(20000)]


kept = keep()
how = sys.argv[1]
if how == "_exit":
    os._exit(5)
elif how == "abort":
    os.abort()
elif how == "fault":
    ctypes.string_at(0)
elif how == "overflow":
    ctypes.CDLL(os.path.abspath("overflow.so")).overflow(0)
elif how in ("memory", "limit"):
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    while True:
        piece = bytearray(1000000)
        piece[::4096] = b"x" * len(piece[::4096])
        kept.append(piece)
