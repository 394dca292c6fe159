"""Allocates; runs the command that it is given meanwhile."""

import subprocess
import sys


def spend():
    return [bytearray(1000) for _ in range(2000)]


kept = spend()
if len(sys.argv) > 1:
    subprocess.run(sys.argv[1:], check=True)
more = spend()
print("ended well")
