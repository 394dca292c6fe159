"""Signal handlers that fork in the middle of anything, and then return.

usage: handler.py forks

The handler is a function of the C library, so it comes in between any two
instructions, and what it came into goes on in the child as well.
"""

import ctypes
import os
import random
import resource
import signal
import sys

import tally

chance = random.Random(1)
libc = ctypes.CDLL(None)
libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.signal.restype = ctypes.c_void_p
parent = os.getpid()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def churn():
    """Blocks of both kinds, more of them than fit in a ring by and by."""
    return ([bytearray(1000) for _ in range(50)], [float(i) for i in
            range(50)], [[] for _ in range(200)], "x" * 100000)


def child():
    tally.spend(400)
    os._exit(3)


def reaped():
    """Has the child come and gone?"""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    if pid != 0 and status != 3 << 8:
        sys.exit(f"a child ended with status {status}")
    return pid != 0


def fork_once():
    signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00005, 0.0005))
    while not reaped():
        churn()
        if os.getpid() != parent:
            child()


def main():
    fork = libc.fork, getattr(libc, "_Fork", libc.fork)
    for i in range(int(sys.argv[1])):
        libc.signal(signal.SIGALRM, ctypes.cast(fork[i % 2],
                                                ctypes.c_void_p))
        tally.kept.append(bytearray(1000))
        fork_once()
    tally.spend(400)


main()
