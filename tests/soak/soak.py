"""A service under load, recorded for as long as you like.

usage: soak.py [--minutes N] [--rate N] [--mode NAME] [--kills N] [--seed N]
	[--growth BYTES] [--latency RATIO]

In each mode, a service runs twice, plain and recorded, and gets the same
requests in turns; the recorded one has viewers that take snapshots.  Then
programs and recorders are killed at random instants.  Prints what came of it;
exits 1 if something was lost or harmed, if the recorder's memory grew, or if
the service was slower than it may be.
"""

import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import soak_kill
from soak_load import Load, percentile
from soak_watch import Memory, Viewer, summary

HERE = os.path.dirname(os.path.abspath(__file__))

MODES = {
    "default": [],
    "aggregate": ["--aggregate"],
    "everything": ["--native", "--trace-python-allocators"],
}

# Seconds.
WARM_UP = 2
# Of a child of the service; see soak_service.py.
OF_A_CHILD = 50


class Service:
    """One run of the service; with options, it is recorded."""

    def __init__(self, name, options=None):
        self.socket = os.path.abspath(name + ".sock")
        self.name = name
        command = [sys.executable, f"{HERE}/soak_service.py", self.socket]
        if options is not None:
            command = ["memray-run", "-o", name + ".bin", "--follow-fork",
                       "--live-remote", "--no-wait", *options, *command]
        self.err = open(name + ".err", "w+")
        self.out = open(name + ".out", "w+")
        self.process = subprocess.Popen(command, stdout=self.out,
                                        stderr=self.err)
        while not os.path.exists(self.socket):
            if self.process.poll() is not None:
                sys.exit(f"soak: {name}: the service ended at once")
            time.sleep(0.05)

    def said(self):
        with open(self.err.name) as f:
            return f.read()

    def viewer_command(self):
        return re.search(r"'(memray-live [^']*)'", self.said()).group(1)

    def stop(self):
        """Returns what is true of it."""
        self.process.send_signal(signal.SIGTERM)
        self.status = self.process.wait()
        with open(self.out.name) as f:
            return json.loads(f.read())


class Children:
    """The captures of the service's children, checked and removed."""

    def __init__(self, capture):
        self.capture, self.seen, self.trouble = capture, 0, []

    def look(self, at_end=False):
        for name in glob.glob(self.capture + ".*"):
            # Written to the end if nothing was added for a while.
            if at_end or time.time() - os.path.getmtime(name) > 5:
                self.check(name)
                os.unlink(name)

    def check(self, name):
        status, report, said = summary(name, "--leaks")
        self.seen += 1
        # A child may leave nothing behind.
        freed = "the program had freed everything at the end" in said
        if (status != 0 or (said and not freed) or
                report["metadata"]["lost_events"] != 0):
            self.trouble.append(f"{name}: {status} {said}")
            return
        kept = sum(row["allocations"] for row in report["rows"]
                   if row["function"] == "keep")
        forked = "soak_service" in report["metadata"]["command_line"]
        if forked and kept < OF_A_CHILD:
            self.trouble.append(f"{name}: {kept} blocks of keep()")


def wrong_numbers(service, truth, options):
    """What the capture of the service says and is not true."""
    status, report, said = summary(service.name + ".bin", "--leaks")
    if status != 0 or said:
        yield f"memray-summary: {status} {said}"
        return
    lost = report["metadata"]["lost_events"]
    if lost != 0:
        yield f"{lost} events were lost"
    # With the interpreter's allocators each is an object and its buffer.
    each = 2 if "--trace-python-allocators" in options else 1
    kept = [row for row in report["rows"] if row["function"] == "keep"]
    count = sum(row["allocations"] for row in kept)
    if count != truth["kept"] * each:
        yield f"{count} blocks of keep(), not {truth['kept'] * each}"


def soak(mode, args):
    """Returns a list of what went wrong."""
    options = MODES[mode]
    plain = Service("plain")
    recorded = Service("recorded", options)
    # What a new service does first is not what it does all day.
    first = Load([plain.socket, recorded.socket], args.rate)
    time.sleep(WARM_UP)
    first.stop()
    watch = Memory(recorded.process.pid, max(args.minutes / 60, 0.2))
    viewer = Viewer(recorded.viewer_command(), max(args.minutes, 2))
    load = Load([plain.socket, recorded.socket], args.rate)
    children = Children("recorded.bin")
    end = time.monotonic() + args.minutes * 60
    while time.monotonic() < end:
        time.sleep(1)
        children.look()
    load.stop()
    watch.stop()
    base, truth = plain.stop(), recorded.stop()
    truth["ratio"] = truth["processor"] / base["processor"]
    viewer.stop()
    children.look(at_end=True)
    wrong = list(wrong_numbers(recorded, truth, options))
    if recorded.status != 0:
        wrong.append(f"status {recorded.status}: {recorded.said()}")
    wrong += first.failures + load.failures + viewer.trouble + children.trouble
    print(f"{mode}: {truth['requests']} requests, {children.seen} children, "
          f"{viewer.saved} snapshots, {viewer.seen} updates of a viewer; "
          f"capture {os.path.getsize('recorded.bin') / 1e6:.1f} MB")
    return (wrong + list(grown(watch, args.growth)) +
            list(slower(load.times[recorded.socket], load.times[plain.socket],
                        truth["ratio"], args.latency)))


def grown(watch, limit):
    """Of the recorder's memory, the highest in each third of the time."""
    first, middle, last = (watch.highest(n / 3, (n + 1) / 3)
                           for n in range(3))
    print(f"  memory of memray-run: {first / 1e6:.1f}, {middle / 1e6:.1f}, "
          f"{last / 1e6:.1f} MB, the highest of each third")
    if last > middle + limit:
        yield f"memray-run grew from {middle} to {last} bytes"


def slower(ours, theirs, processor, limit):
    """How long the requests took, recorded and plain."""
    ratio = [percentile(ours, share) / percentile(theirs, share)
             for share in (0.5, 0.95, 0.99)]
    print("  latency against plain: {:.2f} (median), {:.2f} (95 %), {:.2f} "
          "(99 %)".format(*ratio) +
          f"; median {percentile(ours, 0.5) * 1000:.1f} ms, "
          f"processor time {processor:.2f}", flush=True)
    if limit and ratio[0] > limit:
        yield f"the median request took {ratio[0]:.2f} times as long"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--minutes", type=float, default=2, help="in each mode")
    p.add_argument("--rate", type=float, default=100, help="requests a second")
    p.add_argument("--mode", action="append", choices=MODES)
    p.add_argument("--kills", type=int, default=60)
    p.add_argument("--seed", type=int, default=os.getpid())
    p.add_argument("--growth", type=int, default=4 << 20,
                   help="bytes from the second third of the time to the last")
    p.add_argument("--latency", type=float, default=1.2,
                   help="of the median request; 0 is any")
    args = p.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory(prefix="soak.") as place:
        os.chdir(place)
        os.mkdir("run", 0o700)
        os.environ["XDG_RUNTIME_DIR"] = f"{place}/run"
        for mode in args.mode or MODES if args.minutes > 0 else []:
            os.mkdir(f"{place}/{mode}")
            os.chdir(f"{place}/{mode}")
            wrong += [f"{mode}: {what}" for what in soak(mode, args)]
        wrong += soak_kill.kills(args.kills, args.seed)
        os.chdir("/")
    for what in wrong:
        print("WRONG:", what)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
