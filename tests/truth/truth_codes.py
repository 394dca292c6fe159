"""Code objects that come and go, so that addresses are used again."""
import importlib
import os
import sys
import tempfile

from truth_kinds import RANDOM, block, kind, step

_count = 0
_directory = None


def number():
    global _count
    _count += 1
    return _count


def names(levels):
    make, size = block()
    return {"make": make, "size": size, "step": step, "levels": levels}


@kind
def executed(levels):
    n = number()
    source = "\n" * (n % 50) + "make(size)\ndef f%d():\n\n    make(size)\n" \
        "    step(levels)\nf%d()\n" % (n, n)
    exec(source, names(levels))
    exec(compile(source, "<executed %d>" % n, "exec"), names(0))


@kind
def evaluated(levels):
    for _ in range(RANDOM.randint(1, 10)):
        n = number()
        eval("(lambda: [make(size), %d])()" % n, names(levels))
        eval(compile("\n" * (n % 7) + "make(size)", "<eval %d>" % n, "eval"),
             names(levels))
    eval("step(levels)", names(levels))


@kind
def odd_names(levels):
    """Beyond ASCII, long, and not valid UTF-8."""
    scope = names(levels)
    for name, file in (("na\u00efve", "caf\u00e9.py"), ("\u51fd\u6570", "\u6a21\u5757/\U0001f40d.py"),
                       ("f" * 300, "d/" * 700 + "x.py"),
                       ("plain", "not-utf8-\udcff.py")):
        exec(compile("class %s:\n  def __init__(self):\n\n    make(size)\n"
                     "%s()" % (name, name), file, "exec"), scope)
    step(levels)


def template():
    make, size = block()
    make(size)


@kind
def replaced(levels):
    """The same code under other names and lines."""
    code = template.__code__
    if not hasattr(code, "replace"):
        return
    n = number()
    template.__code__ = code.replace(
        co_firstlineno=code.co_firstlineno + n % 1000)
    template()
    template.__code__ = code
    template()
    step(levels)


@kind
def long_code(levels):
    """Linear bytecode with large offsets and large steps between lines."""
    lines = []
    for _ in range(RANDOM.randint(5, 40)):
        lines += ["x = [1, 2, x and 3]"] * RANDOM.randint(0, 30)
        lines += [""] * RANDOM.choice((0, 1, 130, 300))
        lines += RANDOM.choice((
            ["make(size)"],
            ["f(", "" * 200, "  make(", "   size),", "  x)"],
            ["f(make(size),", *[""] * 200, " make(size))"],
            ["for x in (1,):", "  make(size)"],
            ["f(1 if x else 2, make(size)); make(size)"]))
    n = number()
    for source in ("\n".join(lines), "def g():\n x = 0\n " +
                   "\n ".join(lines) + "\n step(levels)\ng()"):
        scope = dict(names(levels), x=0, f=lambda *args: None)
        exec(compile(source, "<long %d>" % n, "exec"), scope)


MATCH = """
def choose(subject):
    match subject:
        case {"a": x} if make(size):
            make(size)
        case [x, *rest]:
            make(size)
            step(levels)
        case Point(x=1):
            make(size)
        case _:
            (make
             (size))
class Point:
    @property
    def x(self):
        make(size)
        return 1
for subject in ({"a": 1}, [1, 2], Point(), 7):
    choose(subject)
"""


@kind
def matching(levels):
    if sys.version_info >= (3, 10):
        exec(compile(MATCH, "<match>", "exec"), names(levels))


MODULE = """
import truth_kinds
make, size = truth_kinds.block()
make(size)
def f():
    make(size)
truth_kinds.step(0)
"""


@kind
def imported(levels):
    """A module that allocates when it is imported, and then is forgotten."""
    global _directory
    if _directory is None:
        _directory = tempfile.mkdtemp(dir=os.getcwd())
        sys.path.append(_directory)
    name = "truth_generated_%d" % number()
    with open(os.path.join(_directory, name + ".py"), "w") as out:
        out.write("\n" * RANDOM.randint(0, 9) + MODULE)
    importlib.invalidate_caches()
    importlib.import_module(name).f()
    del sys.modules[name]
    step(levels)


def churn(rounds):
    """Thousands of short-lived functions with one allocation each.

    Every third is not seen by anybody while it lives: its address is used
    again all the more.
    """
    for i in range(rounds):
        make, size = block()
        source = "def f_%d(make, size):\n%s    return make(size)\n" % (
            i, "\n" * (i % 5))
        scope = {}
        exec(compile(source, "<churn %d>" % (i % 97), "exec"), scope)
        if i % 3:
            scope["f_%d" % i](make, size)
            scope["f_%d" % i](make, size)
        del scope
