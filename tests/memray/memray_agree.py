"""Do we count as memray does?

usage: memray_agree.py [-c] [-d directory] [-l limit] [-p python] [-t seconds]
       [program ...]

The interpreter, which has memray, does the work of each program under
memray-run and under memray, with and without --trace-python-allocators, after
having done it twice before.  All allocations, their bytes, and the highest sum
of bytes at a time during that work are compared: a line says what we count,
what memray counts, and the difference in per cent of memray's.  -c compares the
first time, with all imports.  -d keeps the captures.  agree_driver.py says what
a program is; a shell pattern stands for all that match, as in 'package:*', and
all are meant if there is none.

A difference of more than `limit' per cent (1) is marked
	a	if it is gone without the arenas, which Python maps when its
		others are full: how full they are at the start of the work
		differs between two runs of the same kind, too
	~	if the program does not do the same each time: in three runs of
		each, our least number is no more than memray's greatest, and
		memray's least no more than our greatest
	+	if memray_agree.txt explains it
	!	if neither is so; the status is 1 then.

A program that does not run here, alone, and one of which a run and its capture
take longer than some seconds (300), are left out, with a line.
"""
import argparse
import ast
import fnmatch
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

MODES = "blocks", "objects"
WHAT = "count", "bytes", "peak"
# Sizes that nobody else allocates.
MARKS = 77777777, 77777779
# Bytes of an arena, in which Python keeps its small objects: up to 3.9; since.
ARENAS = 1 << 18, 1 << 20
# Programs that have to be told what to do.
ARGUMENTS = {"async_tree": ("none", "io", "memoization", "cpu_io_mixed"),
             "pickles": ("c:pickle", "c:unpickle", "c:pickle_dict",
                         "c:pickle_list", "c:unpickle_list",
                         "pure_python:pickle", "pure_python:unpickle")}
HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(HERE, "agree_driver.py")
ALLOCATION = re.compile(rb"ALLOCATION\tnumber=(\d+)\t.*\tallocator=(\w+)\t"
                        rb"address=0x(\w+)\tsize=(\d+)")
FREE = re.compile(rb"FREE\tnumber=(\d+)\t")
UNMAP = re.compile(rb"UNMAP\t.*\taddress=0x(\w+)\tsize=(\d+)")


class Sums:
    """What was allocated between the marks."""

    def __init__(self):
        self.count = self.bytes = self.live = self.peak = 0
        # What of it is arenas, and the peak of all else.
        self.arenas = self.arena_bytes = self.arena_live = self.other_peak = 0
        self.blocks = {}
        self.maps = {}

    def allocate(self, number, allocator, address, size):
        self.count += 1
        self.bytes += size
        self.live += size
        self.peak = max(self.peak, self.live)
        if allocator == b"mmap":
            self.maps[address] = size
            if size in ARENAS:
                self.arenas += 1
                self.arena_bytes += size
                self.arena_live += size
        else:
            self.blocks[number] = size
        self.other_peak = max(self.other_peak, self.live - self.arena_live)

    def free(self, number):
        self.live -= self.blocks.pop(number, 0)

    def unmap(self, address, size):
        """Take away a range of what was mapped, which may leave two."""
        end = address + size
        for start, n in list(self.maps.items()):
            low, high = max(start, address), min(start + n, end)
            if low >= high:
                continue
            del self.maps[start]
            self.live -= high - low
            if n in ARENAS:
                self.arena_live -= n
            if start < low:
                self.maps[start] = low - start
            if high < start + n:
                self.maps[high] = start + n - high

    def found(self):
        """Count, bytes and peak of all, and of all but arenas."""
        return (self.count, self.bytes, self.peak, self.count - self.arenas,
                self.bytes - self.arena_bytes, self.other_peak)


def record(line, sums):
    """Add a line of memray-parse; a mark's size if it is one, else 0."""
    if line.startswith(b"ALLOCATION"):
        number, allocator, address, size = ALLOCATION.match(line).groups()
        if int(size) in MARKS:
            return int(size)
        sums.allocate(number, allocator, int(address, 16), int(size))
    elif line.startswith(b"FREE"):
        sums.free(FREE.match(line)[1])
    elif line.startswith(b"UNMAP"):
        address, size = UNMAP.match(line).groups()
        sums.unmap(int(address, 16), int(size))
    return 0


class TooLong(Exception):
    """A run and its capture took longer than they may."""


def said(path, end):
    """That captures of memray are read as memray reads them, other tests see
    to."""
    seen = []
    sums = Sums()
    with subprocess.Popen(["memray-parse", path],
                          stdout=subprocess.PIPE) as parser:
        for i, line in enumerate(parser.stdout):
            if i % 65536 == 0 and time.monotonic() > end:
                parser.kill()
                raise TooLong
            if line.startswith(b"META\tlost_events=") and line != \
                    b"META\tlost_events=0\n":
                sys.exit("memray_agree: %s: lost events" % path)
            mark = record(line, sums)
            if mark:
                seen.append(mark)
                if mark == MARKS[0]:
                    sums = Sums()
                else:
                    found = sums.found()
    if parser.returncode or tuple(seen) != MARKS:
        sys.exit("memray_agree: %s: marks %s" % (path, seen))
    return found


def run(args, argv, end, **more):
    """Status and messages of a command, which ends in time with all that it
    started."""
    # The same strings and sets in both runs, no files that only one has, and
    # no threads that divide the work at random.
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1",
               OPENBLAS_NUM_THREADS="1", AGREE_MARKS="%d %d" % MARKS, **more)
    if args.cold:
        env["AGREE_COLD"] = "1"
    with tempfile.TemporaryFile() as err:
        child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=err,
                                 start_new_session=True)
        try:
            child.wait(max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TooLong from None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        err.seek(0)
        return child.returncode, err.read().decode(errors="replace").strip()


def must(args, argv, end, **more):
    status, err = run(args, argv, end, **more)
    if status != 0:
        sys.exit("memray_agree: %s: status %d: %s" % (
            " ".join(argv), status, err[-2000:]))


def ours(args, program, mode, path):
    end = time.monotonic() + args.time
    must(args, ["memray-run", "-q", "-f", "-o", path] +
         ["--trace-python-allocators"] * (mode == "objects") +
         [args.python, DRIVER, program], end)
    return said(path, end)


def theirs(args, program, mode, path):
    end = time.monotonic() + args.time
    if os.path.exists(path):
        os.unlink(path)
    more = {"AGREE_OBJECTS": "1"} if mode == "objects" else {}
    must(args, [args.python, DRIVER, program], end, AGREE_CAPTURE=path, **more)
    return said(path, end)


def explained():
    """Lines of: program, mode, what, most per cent; why is below each."""
    with open(os.path.join(HERE, "memray_agree.txt")) as f:
        return [line.split() for line in f
                if line.strip() and not line.startswith(("#", "\t"))]


def is_explained(table, *key, percent):
    return any(all(fnmatch.fnmatchcase(k, p) for k, p in zip(key, row)) and
               abs(percent) <= float(row[3]) for row in table)


def difference(x, y):
    return 100.0 * (x - y) / max(y, 1)


class Comparison:
    """One program in one mode."""

    def __init__(self, args, program, mode, directory):
        self.args, self.program, self.mode = args, program, mode
        self.stem = os.path.join(directory,
                                 re.sub(r"\W", "-", program) + "." + mode)
        self.ours, self.theirs = [], []
        self.run()

    def run(self):
        self.ours.append(ours(self.args, self.program, self.mode,
                              self.stem + ".ours"))
        self.theirs.append(theirs(self.args, self.program, self.mode,
                                  self.stem + ".memray"))

    def varies(self, i):
        """Is a number not the same each time, within both ranges?"""
        while len(self.ours) < 3:
            self.run()
        x, y = ([found[i] for found in both]
                for both in (self.ours, self.theirs))
        return min(x) <= max(y) and min(y) <= max(x)

    def mark(self, i):
        percent = difference(self.ours[0][i], self.theirs[0][i])
        if abs(percent) <= self.args.limit:
            return " "
        if is_explained(self.args.table, self.program, self.mode, WHAT[i],
                        percent=percent):
            return "+"
        others = difference(self.ours[0][i + 3], self.theirs[0][i + 3])
        if abs(others) <= self.args.limit:
            return "a"
        return "~" if self.varies(i) else "!"

    def print(self):
        """A line; all its marks."""
        line = "%-24s %-7s" % (self.program, self.mode)
        marks = [self.mark(i) for i in range(len(WHAT))]
        # Of the numbers the first three.
        for mark, x, y in zip(marks, self.ours[0], self.theirs[0]):
            line += " %11d %11d %+8.3f%s" % (x, y, difference(x, y), mark)
        print(line, flush=True)
        return "".join(marks)


def left_out(program, why):
    print("%-24s left out: %s" % (program, why[:200]), flush=True)
    return "left out"


def compare(args, program, directory):
    """What came of a program: the marks of all numbers, or `left out'."""
    try:
        status, err = run(args, [args.python, DRIVER, program],
                          time.monotonic() + args.time)
        if status != 0:
            return left_out(program, "alone: " + err.rpartition("\n")[2])
        return "".join(Comparison(args, program, mode, directory).print()
                       for mode in MODES)
    except TooLong:
        return left_out(program, "takes longer than %g s" % args.time)


def told(name):
    """The names of a program, one for each argument that it can be given."""
    if name in ARGUMENTS:
        return ["%s:%s" % (name, argument) for argument in ARGUMENTS[name]]
    return [name]


def known(python):
    """The names of all programs that there are."""
    with open(os.path.join(HERE, "agree_packages.py")) as f:
        for node in ast.parse(f.read()).body:
            if isinstance(node, ast.FunctionDef):
                yield "package:" + node.name
    cases = os.environ.get("AGREE_MEMRAY")
    if cases:
        for name in sorted(os.listdir(cases)):
            if name.endswith("_base.py"):
                for program in told(name[:-len("_base.py")]):
                    yield "memray:" + program
    done = subprocess.run([python, "-c", "import pyperformance as p, os; "
        "print(*sorted(os.listdir(os.path.join(os.path.dirname(p.__file__), "
        "'data-files', 'benchmarks'))))"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    for name in done.stdout.decode().split():
        if name.startswith("bm_"):
            for program in told(name[len("bm_"):]):
                yield "pyperf:" + program


def chosen(args):
    names = list(known(args.python))
    for pattern in args.program:
        found = [n for n in names if fnmatch.fnmatchcase(n, pattern)]
        yield from found or [pattern]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-c", dest="cold", action="store_true")
    p.add_argument("-d", dest="directory")
    p.add_argument("-l", dest="limit", type=float, default=1)
    p.add_argument("-p", dest="python", default=sys.executable)
    p.add_argument("-t", dest="time", type=float, default=300)
    p.add_argument("program", nargs="*", default=["*"])
    args = p.parse_args()
    args.table = explained()
    print("%-24s %-7s" % ("program", "mode"),
          *("%11s %11s %8s " % (w, "memray's", "%") for w in WHAT))
    with tempfile.TemporaryDirectory() as temporary:
        found = [compare(args, program, args.directory or temporary)
                 for program in chosen(args)]
    compared = [marks for marks in found if marks != "left out"]
    print("%d programs compared, %d within %g %%, %d with differences that are "
          "explained, %d that vary, %d with others; %d left out" % (
              len(compared), sum(not m.strip() for m in compared), args.limit,
              sum("+" in m or "a" in m for m in compared),
              *(sum(mark in m for m in compared) for mark in "~!"),
              len(found) - len(compared)))
    sys.exit(any("!" in marks for marks in compared))


if __name__ == "__main__":
    main()
