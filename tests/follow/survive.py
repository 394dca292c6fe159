"""Kill programs at random instants: their captures are complete, always.

usage: survive.py runs seed option ...

The program counts its allocations in a file that it maps: when it is dead,
that is the truth, give or take the one that it was at.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

PROGRAM = """
import mmap, os, sys

def spend():
    return bytearray(2000)

def churn(count, at):
    kept = [None] * 500
    n = 0
    while True:
        kept[n % 500] = spend()
        n += 1
        count[at] = n

with open("count", "r+b") as f:
    # Whole words, so that none is ever half written.
    count = memoryview(mmap.mmap(f.fileno(), 16)).cast("Q")
if sys.argv[1:] == ["fork"]:
    if os.fork() == 0:
        churn(count, 1)
churn(count, 0)
"""


def counts():
    with open("count", "rb") as f:
        data = f.read(16)
    return [int.from_bytes(data[at:at + 8], sys.byteorder) for at in (0, 8)]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


def live(capture):
    """What the capture says is live, after a check that it is whole."""
    run = subprocess.run(["memray-summary", "--json", "--leaks", capture],
                         check=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    assert run.stderr == "", run.stderr
    report = json.loads(run.stdout)
    assert report["metadata"]["lost_events"] == 0
    n = sum(row["allocations"] for row in report["rows"]
            if row["function"] == "spend")
    return n, report["metadata"]


def check(capture, n, each):
    """Of n blocks and the one in flight, the last 500 or so are live."""
    seen, meta = live(capture)
    assert min(n, 500) * each <= seen <= min(n + 1, 501) * each, \
        (capture, n, seen)
    allocations = meta["total_allocations"]
    assert n * each <= allocations, (capture, n, allocations)


def kill(run, fork, pause):
    while min(counts()[:1 + fork]) == 0:
        assert run.poll() is None, "it never began"
    time.sleep(pause)
    program = children(run.pid)[0]
    forked = children(program)
    # A child that is stopped cannot become somebody else's while we look.
    for pid in forked + [program]:
        os.kill(pid, signal.SIGKILL)
    assert run.wait() in (-signal.SIGKILL, 128 + signal.SIGKILL), run.wait()
    return forked


def main():
    runs, seed, options = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    chance = random.Random(seed)
    fork = "--follow-fork" in options
    # A bytearray is an object and a buffer.
    each = 2 if "--trace-python-allocators" in options else 1
    for _ in range(runs):
        with open("count", "wb") as f:
            f.write(bytes(16))
        run = subprocess.Popen(
            ["memray-run", "-q", "-f", "-o", "cap.bin", *options, "-c",
             PROGRAM, *(["fork"] if fork else [])])
        forked = kill(run, fork, chance.expovariate(30))
        n = counts()
        check("cap.bin", n[0], each)
        for pid in forked:
            check(f"cap.bin.{pid}", n[1], each)
            os.unlink(f"cap.bin.{pid}")


main()
