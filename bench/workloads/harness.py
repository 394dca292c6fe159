"""What every workload does around its work: warm up, time, say how it went.

The times are taken inside the program, so that the start of the interpreter
and its imports do not count.  Little is imported here: that would be part
of each capture.
"""

import os
import resource
import time


def _kilobytes():
    """The memory of this process as the kernel sees it, by name."""
    wanted = ("VmHWM", "RssAnon", "RssFile", "RssShmem")
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return {name: int(fields[name].split()[0]) for name in wanted}


def _now():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (time.perf_counter(), time.process_time(), usage.ru_nvcsw)


def run(work, n):
    """Time work(n) after a smaller one; n is how much there is to do."""
    work(max(1, n // 10))
    before = _now()
    work(n)
    after = _now()
    wall, cpu, waits = (b - a for a, b in zip(before, after))
    result = {"wall": wall, "cpu": cpu, "waits": waits,
              "kb": _kilobytes(), "process_cpu": time.process_time()}
    path = os.environ.get("BENCH_RESULT")
    if path is None:
        print(result)
        return
    with open(path, "w") as out:
        out.write(repr(result))
