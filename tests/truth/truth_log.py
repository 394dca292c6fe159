"""What a program knows of its own allocations.

Every block has a size of its own, by which it is found in the capture.  The
size is asked for by the allocating function itself, through __index__ or
from_param, so that the stack is read at the very instruction that allocates.
"""
import ctypes
import functools
import itertools
import mmap
import os
import sys
import threading

FIRST = 66002           # with a step of 4 never a multiple of 8, as the
STEP = 4                # sizes of lists and tables are; odd for bytes
FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()
DEBUG = hasattr(sys, "gettotalrefcount")
# The object's head and the terminating byte; the guards of a debug build.
PYTHONMALLOC = os.environ.get("PYTHONMALLOC", "")
DEBUG_MALLOC = DEBUG or "debug" in PYTHONMALLOC
# Are objects recorded as such?  Then they are before the guards come.
OBJECTS = "TRUTH_OBJECTS" in os.environ
BYTES_EXTRA = bytes.__basicsize__ + (48 if DEBUG_MALLOC and not OBJECTS else 0)
# Does nothing but our blocks come from malloc where we allocate?
EXACT = not (FREE_THREADED or OBJECTS or PYTHONMALLOC == "malloc")

_entries = []           # (size, kind, thread, frames)
_frames = {}            # text of a frame -> its number
_unsure = set()         # numbers of frames without a line of their own
_numbers = itertools.count()
_sizes = itertools.count(FIRST, STEP)
_lock = threading.RLock()       # a signal may come in between
_kept = []              # sizes of the blocks that live at the end


def _line_before(code, offset):
    """Of instructions that are nobody's, as the jump back of a loop."""
    found = code.co_firstlineno
    for start, _, line in code.co_lines():
        if start <= offset and line is not None:
            found = line
    return found


def _chain(frame):
    chain = []
    while frame is not None:
        code = frame.f_code
        line = frame.f_lineno
        unsure = not line
        if line is None:
            line = _line_before(code, frame.f_lasti)
        text = "%s:%s:%d" % (getattr(code, "co_qualname", code.co_name),
                             code.co_filename, line)
        number = _frames.get(text)
        if number is None:
            number = _frames.setdefault(text, next(_numbers))
        if unsure:
            _unsure.add(number)
        chain.append(number)
        frame = frame.f_back
    return tuple(chain)


def _thread():
    # current_thread() would make up a name.
    thread = threading._active.get(threading.get_ident())
    return "" if thread is None or isinstance(
        thread, threading._DummyThread) else thread.name


class Size:
    """Gives the next size to whoever is about to allocate that much."""

    def __init__(self, kind, extra=0):
        self.kind = kind
        self.extra = extra

    def take(self, frame):
        with _lock:
            size = next(_sizes)
        _entries.append((size + self.extra, self.kind, _thread(),
                         _chain(frame)))
        return size

    def __index__(self):
        return self.take(sys._getframe(1))


class SizeArgument:
    """The type of the argument of malloc."""

    @classmethod
    def from_param(cls, size):
        return ctypes.c_size_t(size.take(sys._getframe(1)))


def _malloc(library):
    function = library(None).malloc
    function.restype = ctypes.c_void_p
    function.argtypes = [SizeArgument]
    return function


free = ctypes.PyDLL(None).free
free.argtypes = [ctypes.c_void_p]
free.restype = None

MALLOC = (_malloc(ctypes.PyDLL), Size("malloc"))
NOGIL = (_malloc(ctypes.CDLL), Size("nogil"))
MMAP = (functools.partial(mmap.mmap, -1), Size("mmap"))
BYTES = (bytes, Size("bytes", BYTES_EXTRA))
# Without the GIL, objects do not come from malloc.
HAS_BYTES = OBJECTS or not FREE_THREADED
OBJECT = BYTES if HAS_BYTES else MALLOC
BLOCKS = [MALLOC, NOGIL, MMAP] + [OBJECT] * 9


def reserve(count, kept=False):
    """Sizes for blocks that the caller makes with bytes() where it called."""
    if not HAS_BYTES:
        return []
    size = BYTES[1]
    caller = sys._getframe(1)
    taken = [size.take(caller) for _ in range(count)]
    if kept:
        _kept.extend(n + size.extra for n in taken)
    return taken


def last_size():
    """The size in the capture of this thread's last block."""
    name = _thread()
    return next(e[0] for e in reversed(_entries) if e[2] == name)


def keep(size):
    _kept.append(size)


def forget(size):
    _kept.remove(size)


def write(path):
    """Frames, blocks, sizes of blocks that nobody freed."""
    # malloc is freed by those only who say so.
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        for text, number in list(_frames.items()):
            out.write("frame\t%d\t%s\n" % (number, text))
        for number in list(_unsure):
            out.write("unsure\t%d\n" % number)
        for size, kind, thread, chain in list(_entries):
            out.write("block\t%d\t%s\t%s\t%s\n" % (
                size, kind, thread, " ".join(map(str, chain))))
        if FREE_THREADED:       # classes are, and what they refer to
            out.write("immortal\t1\n")
        if not EXACT:
            out.write("inexact\t1\n")
        for size in _kept:
            out.write("kept\t%d\n" % size)
