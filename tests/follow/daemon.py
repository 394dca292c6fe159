"""A daemon, with a worker of its own, that outlives the program."""

import os
import sys
import time

import tally

tally.spend(400)
if os.fork() > 0:
    os.wait()
    print("left", flush=True)
    sys.exit(5)
os.setsid()
if os.fork() > 0:
    os._exit(0)
null = os.open("/dev/null", os.O_RDWR)
for fd in (0, 1, 2):
    os.dup2(null, fd)
tally.spend(400)
if os.fork() == 0:
    tally.spend(400)
    while not os.path.exists("stop"):
        time.sleep(0.02)
    tally.spend(400)
    os._exit(0)
os.wait()
open("ended", "w").close()
