"""Run all reports on a file, and see that they take no more than they may.

    budget_run.py FILE

The status of each is 0 or 1, and if it is 1, its last message names the file;
its memory is limited by the size of that.
"""

import os
import subprocess
import sys

REPORTS = [line.split() for line in """
memray-summary
memray-summary --leaks --json
memray-summary --at 1
memray-stats --json
memray-tree
memray-tree --json
memray-parse
memray-transform -o - csv
memray-transform -o - folded
memray-transform -o - speedscope
memray-transform -f -o out pprof
memray-transform -f -o out memray
memray-transform -f -o out aggregate
memray-symbolize -f -o out
""".strip().splitlines()]

# What a program is without a file, and pages that tables do not fill.
PROGRAM = 16 << 20


def check(report, path):
    """What is wrong, or nothing."""
    with open("said", "w+b") as said:
        child = subprocess.Popen(report + [path], stdout=subprocess.DEVNULL,
                                 stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        said.seek(0)
        text = said.read().decode()
    limit = 64000000 + 256 * os.path.getsize(path) + PROGRAM
    taken = usage.ru_maxrss * 1024
    if taken > limit:
        return "%d of %d bytes" % (taken, limit)
    if status not in (0, 256):
        return "status %d: %s" % (status, text)
    if status == 256 and "%s: %s: " % (report[0], path) not in text:
        return "a message without the file: %s" % text
    return None


def main():
    bad = 0
    for report in REPORTS:
        wrong = check(report, sys.argv[1])
        if wrong:
            print("%s: %s" % (" ".join(report), wrong), file=sys.stderr)
            bad = 1
    return bad


sys.exit(main())
