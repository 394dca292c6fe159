"""Close every descriptor, as daemons do, and go on allocating."""

import os

with open("/dev/null", "rb") as f:
    print("next", f.fileno(), flush=True)
os.closerange(3, 65536)
print("next", os.open("/dev/null", os.O_RDONLY), flush=True)


def keep():
    return bytearray(30000000)  # KEEP


block = keep()
