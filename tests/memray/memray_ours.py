"""What our programs say about a capture, in the lines of memray_says.py.

usage: memray_ours.py [--no-native] [--no-totals] capture

--no-native leaves out what memray says in other words: frames of machine
code, of which memray finds the names.  --no-totals leaves out what memray
does not say of aggregated captures.
"""
import csv
import datetime
import json
import re
import subprocess
import sys


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()


def is_native(frame):
    return re.match(r"0x[0-9a-f]+[;:]", frame) is not None


def stack(text):
    """A stack without frames is one in no place."""
    frames = [f for f in text.split("|") if ";" in f]
    if "--no-native" in sys.argv:
        frames = [f for f in frames if not is_native(f)]
    return "|".join(frames)


def records(view, options, counted):
    sums = {}
    for row in csv.DictReader(run("memray-transform", *options, "-o", "-",
                                  "csv", PATH)):
        tid = int(re.match("0x[0-9a-f]+", row["thread_name"])[0], 16)
        total = sums.setdefault((tid, stack(row["stack_trace"])), [0, 0])
        total[0] += int(row["num_allocations"])
        total[1] += int(row["size"])
    for (tid, trace), (count, size) in sums.items():
        yield view, tid, trace, count if counted else "-", size


def totals():
    stats = json.loads("\n".join(run("memray-stats", "--json", "-n",
                                     "100000", PATH)))
    yield "total_allocations", stats["total_num_allocations"]
    yield "total_bytes", stats["total_bytes_allocated"]
    yield "peak_bytes", stats["metadata"]["peak_memory"]
    for name, count in stats["allocator_type_distribution"].items():
        yield "allocator", name, count
    sizes = {row["location"]: row["size"]
             for row in stats["top_allocations_by_size"]}
    for row in stats["top_allocations_by_count"]:
        yield "location", row["location"], row["count"], sizes[row["location"]]


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def samples(start):
    for line in run("memray-parse", PATH):
        if line.startswith("SAMPLE\t"):
            s = dict(f.split("=", 1) for f in line.split("\t")[1:])
            yield ("sample", start + int(s["time_ns"]) // 1000000, s["rss"],
                   s["heap"])


def said():
    meta = json.loads("\n".join(run("memray-summary", "--json",
                                    PATH)))["metadata"]
    aggregated = (meta["total_allocations"] is None or
                  "--no-totals" in sys.argv)
    start = milliseconds(meta["start_time"])
    yield "command_line", meta["command_line"]
    yield "pid", meta["pid"]
    yield "start", start
    yield "end", milliseconds(meta["end_time"])
    yield "python_allocator", meta["python_allocator"]
    yield "native", meta["has_native_traces"]
    if not aggregated:
        yield from totals()
    yield from records("peak", [], not aggregated)
    yield from records("leaks", ["--leaks"], not aggregated)
    yield from samples(start)


csv.field_size_limit(1 << 30)
PATH = sys.argv[-1]
for line in sorted("\t".join(map(str, fields)) for fields in said()):
    print(line)
