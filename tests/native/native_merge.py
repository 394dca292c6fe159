"""usage: native_merge.py directory | native_merge.py check directory tables

Run: stacks of Python and C that are known.  Check: `tables' is what
memray-parse(1) says of that run.
"""

import functools
import subprocess
import sys

SIZES = (70001, 70002, 70003, 70004)


def load(directory):
    import ctypes
    library = ctypes.CDLL(directory + "/native_lib.so")
    return library, ctypes.CFUNCTYPE(None, ctypes.c_int)


def leaf(size):
    lib.native_inner(size)


def middle(size):
    leaf(size)


def called_from_c(size):
    return CALLBACK(lambda _: middle(size))


def through(size):
    lib.native_outer(called_from_c(size))


def twice(first, second):
    # The same line, the same frames but for how they were entered.
    for function in (first, second, first, second):
        function()


def key(size):
    leaf(size)
    return 0


def main(directory):
    global lib, CALLBACK
    lib, CALLBACK = load(directory)
    through(SIZES[0])
    twice(functools.partial(middle, SIZES[1]),
          functools.partial(lib.native_outer, called_from_c(SIZES[1])))
    sorted([SIZES[2]], key=key)
    for n in (1, 2):
        list(map(key, [SIZES[3]] * n))


# The bottom first; native frames are those of the library.
EXPECTED = {
    SIZES[0]: {("main", "through", "+native_outer", "<lambda>", "middle",
                "leaf", "+native_inner")},
    SIZES[1]: {("main", "twice", "middle", "leaf", "+native_inner"),
               ("main", "twice", "+native_outer", "<lambda>", "middle",
                "leaf", "+native_inner")},
    SIZES[2]: {("main", "key", "leaf", "+native_inner")},
    SIZES[3]: {("main", "key", "leaf", "+native_inner")},
}


def symbols(path):
    out = subprocess.run(["nm", "--defined-only", path], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return sorted((int(r[0], 16), r[2]) for r in rows
                  if len(r) == 3 and r[1] in "tT")


class Tables:
    def __init__(self, directory, path):
        self.library = directory + "/native_lib.so"
        self.symbols = symbols(self.library)
        self.rows = {"CODE": {}, "NODE": {}}
        self.sites = []
        with open(path) as lines:
            for line in lines:
                kind, *fields = line.rstrip("\n").split("\t")
                row = dict(field.split("=", 1) for field in fields)
                if kind in self.rows:
                    self.rows[kind][int(row["id"])] = row
                elif kind == "SITE":
                    self.sites.append(row)

    def native(self, function, offset):
        """The name of a function, whether or not it was looked up before."""
        if function and not function.startswith("0x"):
            return function
        address = int(function, 16) if function else offset & 0xffffffff
        return [name for at, name in self.symbols if at <= address][-1]

    def stack(self, node):
        frames = []
        while node:
            row = self.rows["NODE"][node]
            code = self.rows["CODE"][int(row["code"])]
            if code["file"].endswith("native_lib.so"):
                frames.append("+" + self.native(code["function"],
                                                int(row["offset"])))
            elif code["file"].endswith("native_lib.cc"):
                frames.append("+" + code["function"])
            elif code["file"].endswith("native_merge.py"):
                frames.append(code["function"].split(".")[-1])
            elif not code["file"].endswith(".py"):
                frames.append("-" + code["file"].split("/")[-1])
            node = int(row["parent"])
        return tuple(reversed(frames))


def check(directory, path):
    tables = Tables(directory, path)
    found = {size: set() for size in SIZES}
    for site in tables.sites:
        size = int(site["bytes"]) // int(site["allocations"])
        stack = tables.stack(int(site["node"]))
        if size not in found or "+native_inner" not in stack:
            continue
        # What is left out of a stack between two frames of Python.
        if size in SIZES[2:] and "-" in "".join(
                f[0] for f in stack[stack.index("main"):stack.index("key")]):
            sys.exit("not folded: %s" % (stack,))
        frames = tuple(f for f in stack if f[0] != "-")
        found[size].add(frames[frames.index("main"):])
    for size in SIZES:
        if found[size] != EXPECTED[size]:
            sys.exit("%d: %s, not %s" % (size, found[size], EXPECTED[size]))
    print("all as expected")


if sys.argv[1] == "check":
    check(*sys.argv[2:])
else:
    main(sys.argv[1])
