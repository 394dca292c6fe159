#!/usr/bin/env python3
"""usage: cpython_suite.py [-j jobs] [-k known] [-m mode]... [-p python]...
                        [-r results] [-t seconds] [-u resources] [module ...]

Run CPython's own test suite, module by module, alone and under memray-run,
and say what differs: regrtest's result, the outcome of each test case, the
exit status, processes that were left behind.

  -j jobs       run so many modules at a time (1)
  -k known      the table of known differences (known.txt beside this program)
  -m mode       options of memray-run, with commas between and without --, or
                "default" for none; may be repeated (default,
                native, trace-python-allocators,
                native,trace-python-allocators, aggregate, follow-fork)
  -p python     an interpreter; may be repeated (those that find-pythons.sh
                finds and that have the tests installed)
  -r results    keep the results in this file and do not run again what is
                there (cpython.results)
  -t seconds    the longest that one run may take (900)
  -u resources  what regrtest may use, as for its own -u (nothing)
  module        a module, or a pattern; @file has one a line (all modules)

memray-run is taken from PATH.  A run that differs is repeated, and so is the
one without memray-run: a difference is what no run without memray-run shows.
One that the repetition does not show is "once", the others are "always".

Prints a line for each difference: interpreter, mode, module, what, always or
once, and where it is known, why.  The exit status is 1 if one that is always
there is not known, else 0.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.realpath(__file__))
MODES = ["default", "native", "trace-python-allocators",
         "native,trace-python-allocators", "aggregate", "follow-fork"]
ALONE = "alone"
# What memray-run says at the end of each run.
USUAL = re.compile(r"memray-run: (wrote |to see (it|them): |"
                   r"recorded \d+ processes: )")


def say(*words):
    print(*words, flush=True)


# Interpreters and modules

def find_pythons():
    for place in HERE, os.path.join(HERE, "../pythons"):
        script = os.path.join(place, "find-pythons.sh")
        if os.path.exists(script):
            out = subprocess.run(["sh", script], stdout=subprocess.PIPE,
                                 check=True, universal_newlines=True).stdout
            return [p for p in out.split() if has_tests(p)]
    sys.exit("cpython_suite.py: find-pythons.sh: not found")


def has_tests(python):
    code = "import test.libregrtest, test.test_grammar"
    return subprocess.run([python, "-c", code], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def version(python):
    """3.13.0, or 3.13.5t."""
    code = ("import sys; print('%d.%d.%d' % sys.version_info[:3]"
            " + getattr(sys, 'abiflags', ''))")
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE,
                          check=True, universal_newlines=True).stdout.strip()


def list_modules(python, patterns):
    """The modules of an interpreter that match, in the order of patterns."""
    with tempfile.TemporaryDirectory() as tmp:
        out = subprocess.run([python, "-m", "test", "--list-tests"],
                             cwd=tmp, stdout=subprocess.PIPE, check=True,
                             stdin=subprocess.DEVNULL,
                             universal_newlines=True).stdout
    every = [m for m in out.split() if re.match(r"[\w.]+$", m)]
    found = []
    for pattern in patterns or ["*"]:
        for module in every:
            # Newer versions run the modules of a package one by one.
            name = re.sub(r"^test\.", "", module)
            if fnmatch.fnmatch(name, pattern) or \
                    fnmatch.fnmatch(name.split(".")[0], pattern):
                found.append(module)
    return list(dict.fromkeys(found))


# One run

class Run:
    """A module in one mode, in a directory of its own."""

    def __init__(self, opts, python, module, mode):
        self.opts, self.python = opts, python
        self.module, self.mode = module, mode

    def run(self):
        self.dir = tempfile.mkdtemp(prefix="cpy")
        try:
            return self.run_here()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def run_here(self):
        for name in "tmp", "home":
            os.mkdir(os.path.join(self.dir, name))
        out = os.path.join(self.dir, "out")
        start = time.monotonic()
        with open(out, "wb") as file:
            child = subprocess.Popen(self.command(), cwd=self.dir,
                                     env=self.environment(), stdout=file,
                                     stdin=subprocess.DEVNULL,
                                     stderr=subprocess.STDOUT,
                                     start_new_session=True)
            try:
                status, where = child.wait(self.opts.t), None
            except subprocess.TimeoutExpired:
                status, where = "timeout", self.describe()
                self.kill()
                child.wait()
        seconds = time.monotonic() - start
        left = self.describe()
        self.kill()
        with open(out, errors="replace") as file:
            text = file.read()
        return self.result(status, text, seconds, left, where)

    def command(self):
        # Only with -v are subtests named that have failed.
        tests = ["-m", "test", "-v",
                 "--tempdir", os.path.join(self.dir, "tmp"),
                 "--junit-xml", os.path.join(self.dir, "xml")]
        if self.opts.u:
            tests += ["-u", self.opts.u]
        tests.append(self.module)
        if self.mode == ALONE:
            return [self.python] + tests
        options = [] if self.mode == "default" else \
            ["--" + o for o in self.mode.split(",")]
        return ["memray-run"] + options + \
            ["-o", os.path.join(self.dir, "capture.bin"),
             "--python", self.python] + tests

    def environment(self):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("PYTHON", "LD_", "MEMTRACE_"))}
        # TMPDIR also marks the processes of this run.
        env["TMPDIR"] = os.path.join(self.dir, "tmp")
        env["HOME"] = os.path.join(self.dir, "home")
        return env

    def mine(self):
        """The processes of this run: those with its TMPDIR."""
        mark = ("TMPDIR=%s/tmp" % self.dir).encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as file:
                    if mark in file.read().split(b"\0"):
                        yield int(pid)
            except OSError:
                pass

    def describe(self):
        """A line for each process of this run: what it is and waits for."""
        lines = []
        for pid in self.mine():
            try:
                words = [open("/proc/%d/%s" % (pid, name),
                              errors="replace").read()
                         for name in ("cmdline", "stat", "wchan", "syscall")]
            except OSError:
                continue
            stat = words[1].rpartition(")")[2].split()
            command = words[0].replace("\0", " ").strip()
            lines.append("%d (of %s) %s in %s (%s): %s" % (
                pid, stat[1], stat[0], words[2], words[3].strip(),
                command.replace(self.dir, "DIR")))
        return lines

    def kill(self):
        while True:
            pids = list(self.mine())
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)

    def result(self, status, text, seconds, left, where):
        found = re.findall(r"^(?:Tests r|R)esult: (.*)$", text, re.M)
        result = {
            "python": self.opts.names[self.python], "module": self.module,
            "mode": self.mode, "status": status, "seconds": round(seconds, 1),
            "result": found[-1] if found else "none",
            "cases": self.cases(text), "left": left,
            "said": [line for line in text.splitlines()
                     if line.startswith("memray-run: ") and
                     not USUAL.match(line)],
        }
        if where is not None:
            result["where"] = where
        if status != 0:
            result["text"] = text[-200000:]
        return result

    def cases(self, text):
        """Each test case and how it ended."""
        cases = collections.defaultdict(list)
        try:
            tree = ElementTree.parse(os.path.join(self.dir, "xml"))
        except (OSError, ElementTree.ParseError):
            tree = ElementTree.ElementTree(ElementTree.Element("none"))
        for case in tree.iter("testcase"):
            tags = {e.tag for e in case} - {"system-out", "system-err"}
            # There is no name where a subtest failed.
            if case.get("name"):
                name = re.sub(r" at 0x[0-9a-f]+", "", case.get("name"))
                # An expected failure has its traceback as output.
                cases[name].append(",".join(sorted(tags)) or "passed")
        for kind, name in reported(text):
            if kind.lower() not in cases[name]:
                cases[name].append(kind.lower())
        return {k: "+".join(sorted(v)) for k, v in sorted(cases.items())}


def reported(text):
    """What unittest has said in text, also of subtests and set-up."""
    for kind, name in re.findall(r"^(FAIL|ERROR): (.*)$", text, re.M):
        kind = "failure" if kind == "FAIL" else "error"
        # "test (module.Class)", and since 3.11 "test (module.Class.test)".
        match = re.match(r"(\w+) \(([\w.]+)\)", name)
        if match is None:
            yield kind, re.sub(r" at 0x[0-9a-f]+", "", name)
        elif match[2].endswith("." + match[1]):
            yield kind, match[2]
        else:
            yield kind, match[2] + "." + match[1]


# Results, and what they say

class Results:
    """All runs so far, in a file with a line of JSON for each."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.runs = collections.defaultdict(list)
        if os.path.exists(path):
            with open(path) as file:
                for line in file:
                    # The last one may have been cut short.
                    if line.endswith("\n"):
                        self.remember(json.loads(line))

    def remember(self, run):
        self.runs[run["python"], run["module"], run["mode"]].append(run)

    def add(self, run):
        with self.lock:
            self.remember(run)
            with open(self.path, "a") as file:
                file.write(json.dumps(run) + "\n")

    def get(self, python, module, mode):
        with self.lock:
            return list(self.runs[python, module, mode])


def facts(run):
    """All that two runs may differ in, by name."""
    facts = dict(run["cases"])
    facts["exit"] = str(run["status"])
    facts["result"] = run["result"]
    for line in run["left"]:
        command = re.sub(r"\d+", "N", line.split(": ", 1)[1])
        facts["left: " + command[:100]] = "runs"
    return facts


def differences(alone, run):
    """What of a run none of those without memray-run has: {name: how}."""
    found = {}
    others = [facts(a) for a in alone]
    mine = facts(run)
    if run["status"] == "timeout" and \
            "timeout" not in (a["status"] for a in alone):
        # Nothing is known of its cases.
        return {"exit": "timeout"}
    for name in dict.fromkeys(n for f in others + [mine] for n in f):
        values = {f.get(name, "not run") for f in others}
        value = mine.get(name, "not run")
        # Which processes have not yet ended is a matter of time.
        if name.startswith("left: ") and value == "not run":
            continue
        if value not in values:
            found[name] = "%s instead of %s" % (value,
                                                " or ".join(sorted(values)))
    # What follows from a case that has failed.
    if (run["status"], run["result"]) == (2, "FAILURE") and \
            any(h.startswith(("failure", "error")) for h in found.values()):
        for name in "exit", "result":
            found.pop(name, None)
    return found


def read_known(path):
    """Lines of interpreter, mode, module, what (patterns), and the reason."""
    known = []
    with open(path) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                known.append(line.strip().split("\t"))
    return known


def reason(known, *fields):
    for line in known:
        if all(fnmatch.fnmatchcase(f, p) for f, p in zip(fields, line)):
            return line[-1]
    return None


class Suite:
    """Modules in modes, on interpreters; counts what differs."""

    def __init__(self, opts):
        self.opts, self.results = opts, Results(opts.r)
        self.known = read_known(opts.k)
        self.lock = threading.Lock()
        self.count = collections.Counter()

    def runs(self, python, module, mode, least):
        """At least so many runs, old ones included."""
        name = self.opts.names[python]
        while True:
            runs = self.results.get(name, module, mode)
            if len(runs) >= least:
                return runs
            run = Run(self.opts, python, module, mode).run()
            self.results.add(run)

    def module(self, python, module):
        alone = self.runs(python, module, ALONE, 1)
        if alone[0]["status"] != 0:
            alone = self.runs(python, module, ALONE, 2)
        for mode in self.opts.m:
            runs = self.runs(python, module, mode, 1)
            found = [differences(alone, run) for run in runs]
            if all(found):
                alone = self.runs(python, module, ALONE, 2)
                runs = self.runs(python, module, mode, 2)
                found = [differences(alone, run) for run in runs]
            self.report(python, module, mode, runs, found)

    def report(self, python, module, mode, runs, found):
        name = self.opts.names[python]
        with self.lock:
            self.count["runs"] += 1
            self.count["cases"] += len(runs[-1]["cases"])
            for what in dict.fromkeys(w for f in found for w in f):
                self.report_one(name, mode, module, what, found)
            for line in dict.fromkeys(s for f, r in zip(found, runs) if f
                                      for s in r["said"]):
                say("    " + line)

    def report_one(self, name, mode, module, what, found):
        always = all(what in f for f in found)
        how = next(f[what] for f in found if what in f)
        why = reason(self.known, name, mode, module, what)
        kind = "known" if why else "always" if always else "once"
        self.count[kind] += 1
        say("\t".join([name, mode, module, what, how,
                       "always" if always else "once"] +
                      (["known: " + why] if why else [])))

    def all(self):
        lists = [[(p, m) for m in list_modules(p, self.opts.module)]
                 for p in self.opts.p]
        jobs = [job for turn in itertools.zip_longest(*lists)
                for job in turn if job]
        with concurrent.futures.ThreadPoolExecutor(self.opts.j) as pool:
            futures = [pool.submit(self.module, *job) for job in jobs]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                for future in futures:
                    future.cancel()
                raise
        say("%d modules, %d runs, %d cases: %d differences always, %d once, "
            "%d known" % ((len(jobs),) + tuple(
                self.count[k] for k in ("runs", "cases", "always", "once",
                                        "known"))))
        return 1 if self.count["always"] else 0


def options():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("-j", type=int, default=1)
    parser.add_argument("-k", default=os.path.join(HERE, "known.txt"))
    parser.add_argument("-m", action="append")
    parser.add_argument("-p", action="append")
    parser.add_argument("-r", default="cpython.results")
    parser.add_argument("-t", type=float, default=900)
    parser.add_argument("-u")
    parser.add_argument("module", nargs="*")
    opts = parser.parse_args()
    opts.m = opts.m or MODES
    opts.p = opts.p or find_pythons()
    opts.names = {p: version(p) for p in opts.p}
    modules = []
    for name in opts.module:
        if name.startswith("@"):
            with open(name[1:]) as file:
                modules += file.read().split()
        else:
            modules.append(name)
    opts.module = modules
    return opts


def default_signals():
    """What ignores signals is inherited: nohup, a shell's background."""
    for number in signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


if __name__ == "__main__":
    default_signals()
    sys.exit(Suite(options()).all())
