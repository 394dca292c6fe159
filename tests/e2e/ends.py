"""Allocate 30 MB, then end in the way that the argument says."""

import os
import signal
import sys


def keep():
    return bytearray(30000000)  # KEEP


def fail():
    raise RuntimeError("as asked")


block = keep()
how = sys.argv[1]
if how == "exit":
    sys.exit(3)
elif how == "_exit":
    os._exit(5)
elif how == "raise":
    fail()
elif how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif how == "term":
    os.kill(os.getpid(), signal.SIGTERM)
elif how == "abort":
    os.abort()
elif how == "stdin":
    print(sys.stdin.read().upper())
