"""Memory in steps that a library keeps.

usage: native.py library [fork]
"""
import ctypes
import os
import sys
import time

lib = ctypes.CDLL(sys.argv[1])
for function in lib.native_keep, lib.native_more:
    function.argtypes = [ctypes.c_size_t]
    function.restype = ctypes.c_void_p


def step(name):
    """Say where we are, and wait until we may go on."""
    open("at-" + name, "w").close()
    while not os.path.exists("go-" + name):
        time.sleep(0.02)


def keep(size):
    lib.native_keep(size)


def more(size):
    lib.native_more(size)


keep(5_000_000)
if "fork" in sys.argv and os.fork() == 0:
    keep(2_000_000)
    step("child")
    os._exit(0)
step("one")
more(3_000_000)
step("two")
