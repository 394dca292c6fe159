"""SIGKILL of recorded programs, and of their recorders, at any instant.

The program alone says what is right: whose recorder was killed has to print
the same and end the same.  Every capture that was begun can be read; that of a
killed program is whole and says how the program ended.
"""

import ctypes
import glob
import os
import random
import signal
import subprocess
import sys
import time

from soak_watch import summary

PROGRAM = """
import os, sys, threading

def some(n):
    kept = [None] * 100
    for i in range(n):
        kept[i % 100] = bytes(1000 + i % 100)
    return sum(map(len, kept))

sums = []
for part in range(4):
    threads = [threading.Thread(target=lambda: sums.append(some(60000)))
               for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    pid = os.fork()
    if pid == 0:
        os._exit(some(20000) % 256)
    sums.append(os.waitpid(pid, 0)[1])
print(sums)
sys.exit(3)
"""

OPTIONS = [
    [], ["--aggregate"], ["--follow-fork"], ["--trace-python-allocators"],
    ["--native", "--no-symbols"], ["--no-compress", "--follow-fork"],
    ["--aggregate", "--native", "--no-symbols", "--follow-fork",
     "--trace-python-allocators"],
]

PR_SET_CHILD_SUBREAPER = 36


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def is_executed(pid):
    """Has memray-run's child become the program?"""
    try:
        return "memray-run" not in os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return False


def collect(wanted):
    """Wait for all that is ours; returns the status of one."""
    status = None
    while True:
        try:
            pid, word = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if pid == wanted:
            status = os.WEXITSTATUS(word) if os.WIFEXITED(word) else \
                128 + os.WTERMSIG(word)


class Run:
    """The program, recorded."""

    def __init__(self, options):
        for name in glob.glob("kill*"):
            os.unlink(name)
        self.out, self.err = open("kill.out", "w"), open("kill.err", "w")
        self.pid = subprocess.Popen(
            ["memray-run", "-q", "-o", "kill.bin", *options, "-c", PROGRAM],
            stdout=self.out, stderr=self.err).pid
        self.options = options

    def stop(self):
        """Nothing of memray-run moves any more; returns the program's pid."""
        os.kill(self.pid, signal.SIGSTOP)
        while True:
            with open(f"/proc/{self.pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] in "TZX":
                    break
            time.sleep(0.001)
        return next(iter(children(self.pid)), None)

    def output(self):
        with open("kill.out") as f:
            return f.read()


def unreadable(run, whole):
    """Captures that are not what they should be."""
    for name in glob.glob("kill.bin*"):
        # It is there before anything is recorded.
        if not whole and os.path.getsize(name) == 0:
            continue
        status, report, said = summary(name)
        if status not in ((0,) if whole else (0, 1)) or report is None:
            yield f"{run.options} {name}: {status} {said}"
        elif whole and (said or report["metadata"]["lost_events"] != 0):
            yield f"{run.options} {name}: {said}"


def kill_recorder(options, pause, expected):
    run = Run(options)
    time.sleep(pause)
    program = run.stop()
    begun = program is not None and is_executed(program)
    os.kill(run.pid, signal.SIGKILL)
    status = collect(program)
    if begun and (run.output(), status) != expected:
        yield (f"{options} after {pause:.3f} s: the program ended with "
               f"{status} and said {run.output()!r}")
    yield from unreadable(run, whole=False)


def kill_program(options, pause):
    run = Run(options)
    time.sleep(pause)
    program = run.stop()
    begun = program is not None and is_executed(program)
    if begun:
        os.kill(program, signal.SIGKILL)
    os.kill(run.pid, signal.SIGCONT)
    status = collect(run.pid)
    if begun and status != 137:
        yield f"{options} after {pause:.3f} s: status {status}"
    yield from unreadable(run, whole=True)


def alone():
    begin = time.monotonic()
    run = subprocess.run([sys.executable, "-c", PROGRAM],
                         stdout=subprocess.PIPE, text=True)
    return (run.stdout, run.returncode), time.monotonic() - begin


def kills(runs, seed):
    """So many of each kind; returns what went wrong."""
    if runs == 0:
        return []
    # What is left behind is ours, and we learn how it ends.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    chance = random.Random(seed)
    expected, takes = alone()
    wrong = []
    for n in range(runs):
        options = OPTIONS[n % len(OPTIONS)]
        wrong += kill_recorder(options, chance.uniform(0, 2.5 * takes),
                               expected)
        wrong += kill_program(options, chance.uniform(0, 2.5 * takes))
    print(f"kills: {runs} of recorders and {runs} of programs (seed {seed})",
          flush=True)
    return wrong
