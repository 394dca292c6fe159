"""Keeps more and more until told to stop: grow.py [sites]; see live_test.sh."""

import os
import sys
import time

kept = []


def keep(n):
    kept.append(bytearray(n))


def sites(n):
    """A function for each of n sites."""
    for i in range(n):
        scope = {"keep": keep}
        exec(f"def site_{i}():\n    keep(1000)\n", scope)
        yield scope[f"site_{i}"]


many = list(sites(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
with open("started", "w"):
    pass
while not os.path.exists("stop"):
    for site in many:
        site()
    if len(many) < 2:
        keep(50000)
        time.sleep(0.01)
    print("still here", flush=True)
keep(3000000)
sys.exit(7)
