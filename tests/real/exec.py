"""Becomes another program, with what it has allocated still live."""
import os
import sys


def keep():
    return bytearray(30000000)


kept = keep()
os.execv(sys.executable, [
    sys.executable, "-W", "ignore", "-c",
    "import os, sys; print(os.getppid() != 1, sys.argv, "
    "[v for v in os.environ if 'MEMTRACE' in v], "
    "'agent.so' in open('/proc/self/maps').read()); sys.exit(7)"])
