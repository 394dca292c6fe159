"""Do we count as memray does?

usage: memray_agree.py [-c] [-d directory] [-l limit] python program ...

The interpreter, which has memray, does the work of each program under
memray-run and under memray, with and without --trace-python-allocators, after
having done it twice before.  All allocations, their bytes, and the highest sum
of bytes at a time during that work are compared.  -c compares the first time,
with all imports.  -d keeps the captures.  agree_driver.py says what a program
is; a shell pattern stands for all that match, as in 'package:*'.

Status 1 if there is a difference of more than `limit' per cent (1) that
memray_agree.txt does not explain.  A program that does not run here, alone, is
left out, with a line.
"""
import argparse
import ast
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

MODES = "blocks", "objects"
WHAT = "count", "bytes", "peak"
# Sizes that nobody else allocates.
MARKS = 77777777, 77777779
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
        self.blocks = {}
        self.maps = {}

    def allocate(self, number, allocator, address, size):
        self.count += 1
        self.bytes += size
        self.live += size
        self.peak = max(self.peak, self.live)
        if allocator == b"mmap":
            self.maps[address] = size
        else:
            self.blocks[number] = size

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
            if start < low:
                self.maps[start] = low - start
            if high < start + n:
                self.maps[high] = start + n - high


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


def said(path):
    """That captures of memray are read as memray reads them, other tests see
    to."""
    seen = []
    sums = Sums()
    with subprocess.Popen(["memray-parse", path],
                          stdout=subprocess.PIPE) as parser:
        for line in parser.stdout:
            if line.startswith(b"META\tlost_events=") and line != \
                    b"META\tlost_events=0\n":
                sys.exit("memray_agree: %s: lost events" % path)
            mark = record(line, sums)
            if mark:
                seen.append(mark)
                if mark == MARKS[0]:
                    sums = Sums()
                else:
                    found = [getattr(sums, what) for what in WHAT]
    if parser.returncode or tuple(seen) != MARKS:
        sys.exit("memray_agree: %s: marks %s" % (path, seen))
    return found


def run(args, argv, **more):
    # The same strings and sets in both runs, no files that only one has, and
    # no threads that divide the work at random.
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1",
               OPENBLAS_NUM_THREADS="1", AGREE_MARKS="%d %d" % MARKS, **more)
    if args.cold:
        env["AGREE_COLD"] = "1"
    return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def must(args, argv, **more):
    done = run(args, argv, **more)
    if done.returncode != 0:
        sys.exit("memray_agree: %s: status %d: %s" % (
            " ".join(argv), done.returncode, done.stderr[-2000:].decode()))


def explained():
    """Lines of: program, mode, what, most per cent; why is below each."""
    with open(os.path.join(HERE, "memray_agree.txt")) as f:
        return [line.split() for line in f
                if line.strip() and not line.startswith(("#", "\t"))]


def is_explained(table, *key, percent):
    return any(all(fnmatch.fnmatchcase(k, p) for k, p in zip(key, row)) and
               abs(percent) <= float(row[3]) for row in table)


def compare(args, program, mode, directory):
    """A line of the result; False if something is not explained."""
    driver = [args.python, DRIVER, program]
    stem = os.path.join(directory, re.sub(r"\W", "-", program) + "." + mode)
    ours, theirs = stem + ".ours", stem + ".memray"
    objects = mode == "objects"
    must(args, ["memray-run", "-q", "-f", "-o", ours] +
         ["--trace-python-allocators"] * objects + driver)
    if os.path.exists(theirs):
        os.unlink(theirs)
    more = {"AGREE_OBJECTS": "1"} if objects else {}
    must(args, driver, AGREE_CAPTURE=theirs, **more)
    ok = True
    line = "%-32s %-8s" % (program, mode)
    for what, x, y in zip(WHAT, said(ours), said(theirs)):
        percent = 100.0 * (x - y) / max(y, 1)
        mark = " "
        if abs(percent) > args.limit:
            fine = is_explained(args.table, program, mode, what,
                                percent=percent)
            mark = "+" if fine else "!"
            ok = ok and fine
        line += " %12d %+8.3f%s" % (x, percent, mark)
    print(line, flush=True)
    return ok


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
                yield "memray:" + name[:-len("_base.py")]
    done = subprocess.run([python, "-c", "import pyperformance as p, os; "
        "print(*sorted(os.listdir(os.path.join(os.path.dirname(p.__file__), "
        "'data-files', 'benchmarks'))))"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    for name in done.stdout.decode().split():
        if name.startswith("bm_"):
            yield "pyperf:" + name[len("bm_"):]


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
    p.add_argument("python")
    p.add_argument("program", nargs="+")
    args = p.parse_args()
    args.table = explained()
    ok = True
    print("%-32s %-8s" % ("program", "mode"),
          *("%12s %8s " % (w, "%") for w in WHAT))
    with tempfile.TemporaryDirectory() as temporary:
        for program in chosen(args):
            alone = run(args, [args.python, DRIVER, program])
            if alone.returncode != 0:
                why = alone.stderr.decode(errors="replace").strip()
                print("%-32s does not run: %s" % (
                    program, why.rpartition("\n")[2][:200]), flush=True)
                continue
            for mode in MODES:
                ok = compare(args, program, mode,
                             args.directory or temporary) and ok
    sys.exit(not ok)


main()
