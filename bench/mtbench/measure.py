"""One run of a program under a mode, and what there is to know about it."""

import ast
import json
import os
import statistics
import subprocess
import time

from mtbench import modes

SLOW_REPORT = 2.0	# seconds; a report this slow is timed once


class Failure(Exception):
    """A program did not do what it should; the text says which and how."""


def _tail(path):
    with open(path, errors="replace") as log:
        lines = log.read().strip().splitlines()
    return lines[-1] if lines else "no output"


class Bench:
    """A place for files, the tools, and the results so far."""

    def __init__(self, tools, folder, scripts):
        self.tools = tools
        self.folder = folder
        self.scripts = scripts
        self.results = []
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def spawn(self, command, out=None, **more):
        """Run a command; its wall clock and processor time in seconds."""
        env = dict(os.environ, BENCH_RESULT=self.path("result"),
                   PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", **more)
        log = self.path("log")
        with open(out or log, "w") as stdout, open(log, "w") as stderr:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                       stdout=stdout, stderr=stderr, env=env)
            # Not process.wait(): the usage is wanted, of the whole family.
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
        process.returncode = status	# reaped, as far as Popen is concerned
        if status != 0:
            raise Failure("%s: wait status %#x: %s" % (
                os.path.basename(command[0]), status, _tail(log)))
        return wall, usage.ru_utime + usage.ru_stime

    def startup(self, mode):
        """Wall clock and processor time of `python -c pass`."""
        command = self.tools.command(mode, self.path("capture"),
                                     ["-c", "pass"])
        return self.spawn(command)

    def program(self, workload):
        return [os.path.join(self.scripts, workload.args[0])] + \
            workload.args[1:]

    def run(self, workload, mode, rep):
        """One run, remembered in self.results."""
        result_file, capture = self.path("result"), self.path("capture")
        for name in (result_file, capture):
            if os.path.exists(name):
                os.unlink(name)
        wall, cpu = self.spawn(self.tools.command(
            mode, capture, self.program(workload)))
        with open(result_file) as file:
            result = ast.literal_eval(file.read())
        result.update(workload=workload.name, mode=mode.name, rep=rep,
                      whole_wall=wall, whole_cpu=cpu)
        if mode.tool != "plain":
            result["capture_bytes"] = os.stat(capture).st_size
            # The same events every time, so one look at them is enough.
            if rep == 0:
                result["summary"] = self.summary(mode, capture)
                result["totals"] = self.totals(mode, capture)
        self.results.append(result)

    def summary(self, mode, capture):
        """Seconds that a summary takes."""
        command = self.tools.summarise(mode, capture)
        times = [self.spawn(command, os.devnull)[0]]
        while len(times) < 5 and times[0] < SLOW_REPORT:
            times.append(self.spawn(command, os.devnull)[0])
        return statistics.median(times)

    def totals(self, mode, capture):
        scratch = self.path("json")
        command, writes = self.tools.metadata(mode, capture, scratch)
        self.spawn(command, os.devnull if writes else scratch)
        with open(scratch) as found:
            return modes.totals(mode, json.load(found))

    def compare(self, workload, mode):
        """Totals to compare with memray's: see preload/sitecustomize.py.

        Remembered in the first result of this workload and mode.
        """
        self.spawn(self.tools.command(mode, self.path("capture"),
                                      self.program(workload)),
                   PYTHONPATH=os.path.join(self.scripts, "preload"))
        for result in self.results:
            if (result["workload"], result["mode"]) == \
                    (workload.name, mode.name):
                result["comparable"] = self.totals(mode, self.path("capture"))
                return


def median(results, workload, mode, key):
    """The median of a number over the repetitions, None if there is none."""
    found = [key(r) for r in results
             if r["workload"] == workload and r["mode"] == mode]
    return statistics.median(found) if found else None


def ratio(results, workload, mode, key):
    """The median of the ratios to plain Python in the same repetition."""
    plain = {r["rep"]: key(r) for r in results
             if r["workload"] == workload and r["mode"] == "plain"}
    found = [key(r) / plain[r["rep"]] for r in results
             if r["workload"] == workload and r["mode"] == mode and
             plain.get(r["rep"])]
    return statistics.median(found) if found else None
