"""Modes: the ways to run a program that are compared.

To add one, add a line to MODES, and its goals to workloads.py.
"""

import collections
import os
import sys

WATCHED = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "watched.py")

#   name     as in tables and for -m
#   tool     plain, memray-run or memray
#   options  of the tool
#   peer     the mode of memray that should find the same allocations
Mode = collections.namedtuple("Mode", "name tool options peer")

PLAIN = Mode("plain", "plain", [], None)
MODES = [
    PLAIN,
    Mode("default", "memray-run", [], "memray"),
    Mode("memray", "memray", [], None),
    Mode("aggregate", "memray-run", ["--aggregate"], None),
    Mode("py-alloc", "memray-run", ["--trace-python-allocators"],
         "memray-py"),
    Mode("py-aggregate", "memray-run",
         ["--aggregate", "--trace-python-allocators"], None),
    Mode("memray-py", "memray", ["--trace-python-allocators"], None),
    Mode("native", "memray-run", ["--native"], "memray-native"),
    Mode("memray-native", "memray", ["--native"], None),
    Mode("native-py", "memray-run",
         ["--native", "--trace-python-allocators"], "memray-native-py"),
    Mode("memray-native-py", "memray",
         ["--native", "--trace-python-allocators"], None),
    # What can be watched, and what somebody does watch, see watched.py.
    Mode("live", "memray-run", ["--live-remote", "--no-wait"], None),
    Mode("watched", "memray-run", ["--live-remote"], None),
]
# Without -m; the others take their time.
USUAL = ["plain", "default", "memray"]


def totals(mode, report):
    """What a report in JSON says of a capture, by the same names for both.

    Events are allocations and frees; memray counts them, and of ours every
    block that is not leaked was freed.
    """
    meta = report["metadata"]
    if mode.tool == "memray-run":
        count = meta["total_allocations"]
        return {"allocations": count, "bytes": meta["total_bytes_allocated"],
                "peak": meta["peak_memory"], "lost": meta["lost_events"],
                "events": 2 * count - meta["leaked_allocations"]}
    return {"allocations": report["total_num_allocations"],
            "bytes": report["total_bytes_allocated"],
            "peak": meta["peak_memory"], "lost": 0,
            "events": meta["total_allocations"]}


class Tools:
    """Where the programs are."""

    def __init__(self, bindir, python):
        self.python = python
        self.run = bindir + "/memray-run"
        self.summary = bindir + "/memray-summary"

    def command(self, mode, capture, program):
        """The command line of a program, which is python's arguments."""
        if mode.tool == "plain":
            return [self.python] + program
        if mode.tool == "memray-run":
            watch = [sys.executable, WATCHED] if mode.name == "watched" else []
            return (watch + [self.run, "-q", "-f", "-o", capture, "--python",
                             self.python] + mode.options + program)
        return ([self.python, "-m", "memray", "run", "-q", "-f", "-o",
                 capture] + mode.options + program)

    def summarise(self, mode, capture):
        if mode.tool == "memray-run":
            return [self.summary, capture]
        return [self.python, "-m", "memray", "summary", capture]

    def metadata(self, mode, capture, scratch):
        """A command line, and the file with the JSON that it writes."""
        if mode.tool == "memray-run":
            return ([self.summary, "--json", capture], None)
        return ([self.python, "-m", "memray", "stats", "--json", "-f", "-o",
                 scratch, capture], scratch)
