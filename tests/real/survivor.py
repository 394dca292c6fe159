"""Loses its collector, and goes on.

usage: survivor.py file

Keeps a block, says so in file and waits until the file is gone; then works
on, with threads, and prints a result.
"""
import os
import sys
import threading
import time

kept = []


def before():
    kept.append(bytearray(20000000))


def after():
    # More than any ring can hold.
    some = [None] * 100
    for i in range(150000):
        some[i % 100] = bytes(1000 + i % 100)


before()
with open(sys.argv[1] + ".new", "w") as out:
    out.write("%d\n" % os.getpid())
os.rename(sys.argv[1] + ".new", sys.argv[1])
while os.path.exists(sys.argv[1]):
    time.sleep(0.01)
threads = [threading.Thread(target=after) for _ in range(3)]
for t in threads:
    t.start()
after()
for t in threads:
    t.join()
print("went on", len(kept[0]))
