"""usage: native_report.py file least

Print what native_check.c has written, and fail if there was a difference, if
fewer than `least' stacks were compared, or if they were not whole.
"""

import struct
import sys

with open(sys.argv[1], "rb") as report:
    raw = report.read()
updates, checked, frames, different, whole = struct.unpack_from("5Q", raw)
print("%d updates, %d compared, %d frames, %d different, %d whole" %
      (updates, checked, frames, different, whole))
print(raw[40:].split(b"\0")[0].decode())
sys.exit(different != 0 or checked < int(sys.argv[2]) or
         whole < checked * 0.9)
