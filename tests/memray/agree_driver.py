"""agree_driver.py program: do its work twice, and then between two marks.

A program is
	memray:NAME	one of memray's own benchmark programs, of which
			$AGREE_MEMRAY is the directory (`cases' in its sources)
	pyperf:NAME	one of pyperformance's, if it is installed
	package:NAME	a function of agree_packages.py

If $AGREE_CAPTURE names a file, memray records it there.  memray is imported
either way, with all that it needs, so that the program finds the same modules
loaded.  memray sets a profile function, for which Python makes a frame object
of every call; so the other run has one, too, which does nothing.
"""
import asyncio
import contextlib
import ctypes
import gc
import importlib
import os
import runpy
import sys
import tempfile

import memray


def memrays(name):
    path = os.environ["AGREE_MEMRAY"].rstrip("/")
    sys.path.insert(0, os.path.dirname(path))
    name, *arguments = name.split(":")
    module = importlib.import_module("%s.%s_base" % (os.path.basename(path),
                                                     name))
    if hasattr(module, "run_benchmark"):
        function = module.run_benchmark
    else:
        # It has several: run_benchmark_c, for one.
        function = getattr(module, "run_benchmark_" + arguments.pop(0))
    sys.argv[1:] = arguments
    return lambda: function(*arguments)


def pyperfs(name):
    """Let pyperf's runner leave us what it would measure in processes."""
    import pyperf
    import pyperformance

    found = []

    def function(runner, _, work, *args, **kwargs):
        found.append(lambda: work(*args))

    def timed(runner, _, work, *args, **kwargs):
        found.append(lambda: work(1, *args))

    def coroutine(runner, _, work, *args, **kwargs):
        found.append(lambda: asyncio.run(work(*args)))

    pyperf.Runner.bench_func = function
    pyperf.Runner.bench_time_func = timed
    pyperf.Runner.bench_async_func = coroutine
    pyperf.Runner._cpu_affinity = lambda runner: None
    name, *arguments = name.split(":")
    path = os.path.join(os.path.dirname(pyperformance.__file__), "data-files",
                        "benchmarks", "bm_" + name)
    sys.path.insert(0, path)
    sys.argv[1:] = arguments
    # Its functions need the names of the module, so this has to be kept.
    found.append(runpy.run_path(os.path.join(path, "run_benchmark.py"),
                                run_name="__main__"))
    works = found[:-1]
    return lambda: [work() for work in works]


def packages(name):
    import agree_packages
    return getattr(agree_packages, name)


def mark(size):
    # There is one byte more, after the end.
    block = bytearray(size - 1)
    del block


def between(work):
    """After a collection, which empties the lists of free objects: memray's
    start leaves others in them than ours."""
    begin, end = map(int, os.environ["AGREE_MARKS"].split())
    gc.collect()
    mark(begin)
    work()
    mark(end)


def main():
    capture = os.environ.get("AGREE_CAPTURE")
    objects = "AGREE_OBJECTS" in os.environ
    kind, _, name = sys.argv[1].partition(":")
    work = {"memray": memrays, "pyperf": pyperfs, "package": packages}[kind](
        name)
    # What memray and the program import and keep the first time.
    with tempfile.TemporaryDirectory() as directory:
        with memray.Tracker(os.path.join(directory, "first")):
            pass
    if "AGREE_COLD" not in os.environ:
        work()
        work()
    if capture:
        tracker = memray.Tracker(capture, trace_python_allocators=objects)
    else:
        tracker = contextlib.nullcontext()
        # Any function that returns 0 will do.
        ctypes.pythonapi.PyEval_SetProfile(
            ctypes.pythonapi._Py_IsFinalizing, None)
    with tracker:
        between(work)


main()
