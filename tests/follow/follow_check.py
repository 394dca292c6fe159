"""Compare what processes wrote down with what their captures say.

usage: follow_check.py tally.log capture ...
"""

import collections
import json
import subprocess
import sys


def spent(capture):
    """Pid, and bytes that the function spend() kept to the end."""
    out = subprocess.run(["memray-summary", "--json", "--leaks", capture],
                         check=True, stdout=subprocess.PIPE).stdout
    report = json.loads(out)
    rows = [row for row in report["rows"] if row["function"] == "spend"]
    assert report["metadata"]["lost_events"] == 0, capture
    return report["metadata"]["pid"], sum(row["own_bytes"] for row in rows)


def main():
    told = collections.Counter()
    with open(sys.argv[1]) as log:
        for line in log:
            pid, n = line.split()
            told[int(pid)] += int(n)
    seen = collections.Counter()
    for capture in sys.argv[2:]:
        pid, n = spent(capture)
        seen[pid] += n
    for pid, n in told.items():
        # An arena for the interpreter's small objects has up to a megabyte.
        if not 0.999 * n <= seen[pid] <= n + 2500000:
            sys.exit(f"process {pid} allocated {n}, recorded {seen[pid]}")
    total = sum(told.values())
    recorded = sum(seen.values())
    print(f"{len(told)} processes, {recorded / total:.4%} of {total} bytes")


main()
