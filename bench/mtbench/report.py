"""The tables.  A figure that misses its goal has an exclamation mark."""

import statistics

from mtbench import modes, workloads
from mtbench.measure import median, ratio
from mtbench.startup import above_plain


def _table(title, header, rows):
    """Print columns, the first flush left, the others flush right."""
    if not rows:
        return
    widths = [max(len(line[i]) for line in [header] + rows)
              for i in range(len(header))]
    print("\n" + title)
    for line in [header] + rows:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(w) for cell, w in zip(line[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())


def _number(value, pattern, goal=None):
    if value is None:
        return "-"
    text = pattern % value
    return text + "!" if goal is not None and float(text) > goal else text


def _ratio(value, goal, spread):
    """A question mark: it misses the goal by less than the spread."""
    text = _number(value, "%.2f", goal)
    if text.endswith("!") and value < goal * (1 + spread):
        return text[:-1] + "?"
    return text


def _mega(value):
    return None if value is None else value / 1e6


def wall(result):
    return result["wall"]


def cpu(result):
    return result["cpu"]


def others(chosen):
    return [mode for mode in chosen if mode is not modes.PLAIN]


def startup(times, chosen):
    """times: a startup.Startup."""
    rows = []
    for mode in chosen:
        row = [mode.name,
               "%.1f" % (1e3 * statistics.median(times.wall[mode.name]))]
        if mode is not modes.PLAIN:
            goal = workloads.STARTUP_GOALS.get(mode.name)
            row += [_number(1e3 * above_plain(times.wall, mode.name), "%.1f",
                            goal and 1e3 * goal),
                    "(%.1f)" % (1e3 * above_plain(times.cpu, mode.name))]
        rows.append(row + [""] * (4 - len(row)))
    _table("Start-up: python -c pass",
           ["mode", "ms", "above plain", "(cpu)"], rows)


def times(results, names, chosen):
    header = ["workload", "plain s", "spread"]
    for mode in others(chosen):
        header += [mode.name, "(cpu)"]
    rows = []
    for work in names:
        found = [wall(r) for r in results
                 if r["workload"] == work.name and r["mode"] == "plain"]
        middle = median(results, work.name, "plain", wall)
        if not found or middle < 0.01:
            continue
        spread = (max(found) - min(found)) / middle
        row = [work.name, "%.3f" % middle, "%.0f%%" % (100 * spread)]
        for mode in others(chosen):
            row += [_ratio(ratio(results, work.name, mode.name, wall),
                           work.goals.get(mode.name), spread),
                    _number(ratio(results, work.name, mode.name, cpu),
                            "(%.2f)")]
        rows.append(row)
    _table("Time in steady state, as a ratio to plain Python", header, rows)


def _above_plain(results, work, mode, key):
    value = median(results, work, mode, key)
    base = median(results, work, "plain", key)
    return None if value is None or base is None else value - base


def _private_peak(result):
    return 1024 * (result["kb"]["VmHWM"] - result["kb"]["RssShmem"])


def _memory_row(results, work, mode):
    def above(key):
        return _above_plain(results, work.name, mode.name, key)

    def middle(key):
        return median(results, work.name, mode.name, key)

    goal = workloads.MEMORY_GOAL / 1e6 if mode.peer else None
    return [
        "%s %s" % (work.name, mode.name),
        _number(_mega(above(_private_peak)), "%.1f", goal),
        _number(_mega(above(lambda r: 1024 * r["kb"]["RssAnon"])), "%.1f"),
        _number(_mega(above(lambda r: 1024 * r["kb"]["RssShmem"])), "%.1f"),
        _number(above(lambda r: r["whole_cpu"] - r["process_cpu"]), "%.2f"),
        _number(above(lambda r: r["waits"]), "%.0f"),
        _number(middle(lambda r: r["capture_bytes"] / 1e6), "%.3f"),
    ]


def _capture_cells(results, work, mode):
    """From the first repetition, the only one whose capture is read."""
    for r in results:
        if (r["workload"], r["mode"]) == (work.name, mode.name) and \
                "totals" in r:
            goal = 1e3 * workloads.SUMMARY_GOAL if mode.peer else None
            events = r["totals"]["events"]
            return ["%d" % events, "%.2f" % (r["capture_bytes"] / events),
                    _number(1e3 * r["summary"], "%.0f", goal),
                    "%d" % r["totals"]["lost"]]
    return ["-"] * 4


def costs(results, names, chosen):
    header = ["workload, mode", "peak MB", "anon MB", "shm MB", "helper s",
              "waits", "file MB", "events", "B/event", "summary ms", "lost"]
    rows = []
    for work in names:
        for mode in others(chosen):
            if any((r["workload"], r["mode"]) == (work.name, mode.name)
                   for r in results):
                rows.append(_memory_row(results, work, mode) +
                            _capture_cells(results, work, mode))
    _table("Memory above plain Python, and captures", header, rows)


def _totals(results, work, mode, key):
    for r in results:
        if (r["workload"], r["mode"]) == (work, mode) and key in r:
            return r[key]
    return None


def totals(results, names, chosen):
    header = ["workload, mode", "allocations", "memray", "", "MB", "memray",
              "", "peak MB", "memray", ""]
    rows = []
    for work in names:
        for mode in chosen:
            ours = _totals(results, work.name, mode.name, "comparable")
            theirs = mode.peer and _totals(results, work.name, mode.peer,
                                           "totals")
            if not ours or not theirs:
                continue
            row = ["%s %s" % (work.name, mode.name)]
            for key, scale, pattern in (("allocations", 1, "%d"),
                                        ("bytes", 1e6, "%.3f"),
                                        ("peak", 1e6, "%.3f")):
                row += [pattern % (ours[key] / scale),
                        pattern % (theirs[key] / scale),
                        _difference(ours[key], theirs[key],
                                    workloads.TOTALS_NOISE[key])]
            rows.append(row)
    _table("Totals against memray's", header, rows)


def _difference(ours, theirs, noise):
    """In per cent of theirs, with the mark of a missed goal."""
    off = 100 * (ours - theirs) / theirs if theirs else 0.0
    bad = abs(off) > workloads.TOTALS_GOAL and abs(ours - theirs) > noise
    return "%+.2f%%%s" % (off, "!" if bad else "")
