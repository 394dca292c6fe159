"""Allocate under every name of formats_names, as a function of a file and
in a thread; with the path of formats_lib.so, under a symbol of a library,
too."""

import ctypes
import os
import shutil
import sys
import threading
import time

from formats_names import NAMES, as_bytes

kept = []


def allocate():
    kept.append(bytearray(100000))


def named(name):
    code = allocate.__code__.replace(co_name=name, co_filename=name)
    if hasattr(code, "co_qualname"):
        code = code.replace(co_qualname=name)
    return type(allocate)(code, globals())


def library(path):
    """A copy of the library with a name, and of its function's symbol."""
    symbol = b"evil\x1b[31m\x07\x9b\xc2\x9b\xe2\x80\xae=cmd;|,\"'\\\t\n\r\xff"
    with open(path, "rb") as f:
        data = f.read()
    old = b"formats_" + b"x" * (len(symbol) - len(b"formats_"))
    assert data.count(old) == 1, data.count(old)
    directory = as_bytes("lib" + NAMES["escape"] + NAMES["quotes"])
    os.mkdir(directory)
    copy = os.path.join(directory, as_bytes(NAMES["white"])[:200])
    with open(copy, "wb") as f:
        f.write(data.replace(old, symbol))
    shutil.copymode(path, copy)
    lib = ctypes.CDLL(os.fsdecode(copy))
    lib.formats_allocate.restype = ctypes.c_void_p
    kept.append(lib.formats_allocate(ctypes.c_size_t(1 << 20)))


def main():
    for name in NAMES.values():
        function = named(name)
        thread = threading.Thread(target=function, name=name)
        thread.start()
        thread.join()
        function()
    if len(sys.argv) > 1 and sys.argv[1].endswith(".so"):
        library(sys.argv[1])
    # Whoever looks on has until then.
    if "wait" in sys.argv:
        print("ready", flush=True)
        while not os.path.exists("go"):
            time.sleep(0.02)


main()
