"""usage: pyperf_suite.py module function n [argument ...]

Call a function of a benchmark that the pyperformance package brings along.
"""

import importlib.util
import os
import sys

import harness


def load(name):
    suite = importlib.util.find_spec("pyperformance")
    path = os.path.join(os.path.dirname(suite.origin), "data-files",
                        "benchmarks", "bm_" + name, "run_benchmark.py")
    spec = importlib.util.spec_from_file_location("bm_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def value(word):
    return int(word) if word.isdigit() else None


function = getattr(load(sys.argv[1]), sys.argv[2])
arguments = [value(word) for word in sys.argv[4:]]


def work(n):
    for _ in range(n):
        function(*arguments)


harness.run(work, int(sys.argv[3]))
