"""Workloads: what is run, what it needs, and the goals.

To add one, write a script beside workloads/harness.py that calls
harness.run() and takes about a second, and add a line here.
"""

import collections

#   name   as in tables and for -w
#   args   script in workloads/ and its arguments
#   needs  packages of the Python Package Index
#   text   for --list
#   goals  highest ratio to plain Python, by mode
Workload = collections.namedtuple("Workload", "name args needs text goals")

WORKLOADS = []


def _add(name, args, needs, text, **goals):
    WORKLOADS.append(Workload(
        name, args.split(), needs.split(), text,
        {mode.replace("_", "-"): goal for mode, goal in goals.items()}))


_add("empty", "empty.py", "", "no work at all: memory, size of a capture")
_add("fib", "fib.py", "", "recursive calls without allocations",
     default=1.05, py_alloc=1.1,
     native=1.05, native_py=1.2)
_add("malloc-30", "malloc.py 30 1000000", "",
     "1 M blocks of 1 kB, 30 frames deep", default=1.6, py_alloc=2.2,
     native=2.2, native_py=4)
_add("malloc-900", "malloc.py 900 1000000", "",
     "the same, 900 frames deep", default=10)
_add("numpy", "mandelbrot.py", "numpy",
     "temporary arrays of a Mandelbrot set", default=1.05, py_alloc=1.1,
     native=1.1, native_py=1.3)
_add("raytrace", "pyperf_suite.py raytrace bench_raytrace 1 1 100 100 none",
     "pyperformance", "pyperformance: ray tracer", default=1.05,
     py_alloc=1.3, native=1.06, native_py=3)
_add("go", "pyperf_suite.py go versus_cpu 3",
     "pyperformance", "pyperformance: game of Go", default=1.05,
     py_alloc=1.3, native=1.06, native_py=3)
_add("deltablue", "pyperf_suite.py deltablue delta_blue 80 100",
     "pyperformance", "pyperformance: constraint solver", default=1.05,
     py_alloc=1.3, native=1.06, native_py=3)
_add("nqueens", "pyperf_suite.py nqueens bench_n_queens 4 8",
     "pyperformance", "pyperformance: queens on a board", default=1.05,
     py_alloc=1.3, native=1.06, native_py=3)
_add("objects", "objects.py", "",
     "12 M small objects, from pymalloc's arenas", default=1.05,
     py_alloc=1.5, py_aggregate=1.3)
_add("threads", "threads.py", "",
     "4 threads, each frees what another allocated")
_add("sqlite", "sqlite_threads.py", "",
     "4 threads that allocate without the GIL")
_add("pandas", "pandas_groupby.py", "pandas", "pandas: group and merge")
_add("flask", "flask_client.py", "flask", "Flask: requests to an application")
_add("jinja", "jinja_table.py", "jinja2", "Jinja2: a large table")
_add("docutils", "docutils_html.py", "docutils", "docutils: text to HTML")
_add("lxml", "lxml_parse.py", "lxml", "lxml: parse, search, write")
_add("json", "json_text.py", "", "json: to text and back")
_add("sqlalchemy", "sqlalchemy_orm.py", "sqlalchemy",
     "SQLAlchemy: objects in and out of a database")
_add("pytest", "pytest_suite.py", "pytest", "pytest: a small suite")
_add("black", "black_format.py", "black", "black: format a module")
_add("networkx", "networkx_graph.py", "networkx",
     "networkx: shortest paths")
_add("pillow", "pillow_image.py", "pillow", "Pillow: scale, blur, encode")
_add("sympy", "sympy_algebra.py", "sympy", "SymPy: expand and integrate")

# What `python -c pass` may take longer than plain Python, in seconds.
STARTUP_GOALS = {"default": 0.015}
# What may be added to the program's memory besides the rings, in bytes, and
# how long a summary may take.
MEMORY_GOAL = 6e6
SUMMARY_GOAL = 0.050
# How far totals may be from memray's, in per cent, unless the difference is
# no more than a few imports and two arenas of pymalloc.
TOTALS_GOAL = 1.0
TOTALS_NOISE = {"allocations": 1000, "bytes": 3e6, "peak": 2.2e6}
