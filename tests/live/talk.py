"""Says where its output goes, then a lot until told to stop."""

import os
import signal
import sys
import time

with open("who", "w") as f:
    print(os.getpid(), os.getpgrp() == os.getpid(),
          sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(),
          file=f)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print("out", flush=True)
print("err", file=sys.stderr, flush=True)
if "much" in sys.argv:
    sys.stderr.write("x" * 400000)
kept = bytearray(1000000)
with open("talked", "w"):
    pass
while not os.path.exists("stop"):
    time.sleep(0.02)
sys.exit(4)
