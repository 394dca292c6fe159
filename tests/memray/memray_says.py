"""What memray says about a capture, in lines to compare.

usage: memray_says.py capture

Run by an interpreter that has memray, of the version that made the capture.
memray_ours.py prints the same of what our programs say.
"""
import collections
import datetime
import sys

import memray
from memray._memray import compute_statistics


def stack(record):
    return "|".join(f"{function};{file};{line}"
                    for function, file, line in record.stack_trace())


def milliseconds(time):
    """Before 1.11 it does not say that its times are UTC."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * 1000)


def records(view, found, counted):
    sums = collections.defaultdict(lambda: [0, 0])
    for record in found:
        total = sums[record.tid, stack(record)]
        total[0] += record.n_allocations
        total[1] += record.size
    for (tid, trace), (count, size) in sums.items():
        if count or size:
            yield view, tid, trace, count if counted else "-", size


def totals(path):
    stats = compute_statistics(path, num_largest=100000)
    yield "total_allocations", stats.total_num_allocations
    yield "total_bytes", stats.total_memory_allocated
    yield "peak_bytes", stats.peak_memory_allocated
    for name, count in stats.allocation_count_by_allocator.items():
        yield "allocator", name, count
    sizes = dict(stats.top_locations_by_size)
    for location, count in stats.top_locations_by_count:
        where = ":".join(map(str, location))
        if where == "<unknown>:<unknown>:0":
            where = "<stack trace unavailable>"
        yield "location", where, count, sizes[location]


def said(path):
    reader = memray.FileReader(path)
    meta = reader.metadata
    try:
        sums = list(totals(path))
    except NotImplementedError:
        sums = []
    yield "command_line", meta.command_line
    yield "pid", meta.pid
    yield "start", milliseconds(meta.start_time)
    yield "end", milliseconds(meta.end_time)
    yield "python_allocator", meta.python_allocator.replace(" ", "_")
    yield "native", meta.has_native_traces
    yield from sums
    # Of aggregated captures, old versions add up numbers wrongly.
    yield from records("peak", reader.get_high_watermark_allocation_records(
        merge_threads=False), sums)
    yield from records("leaks", reader.get_leaked_allocation_records(
        merge_threads=False), sums)
    for sample in reader.get_memory_snapshots():
        yield "sample", sample.time, sample.rss, sample.heap


for line in sorted("\t".join(map(str, fields))
                   for fields in said(sys.argv[1])):
    print(line)
