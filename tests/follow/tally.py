"""Allocate, and write down how much: the truth that captures have to tell."""

import os

LOG = os.environ.get("TALLY_LOG", "tally.log")
kept = []


def spend(kib):
    """Allocate so many KiB in pieces, keep them, and write that down."""
    for _ in range(kib // 4):
        kept.append(bytearray(4096 - 64))
    line = b"%d %d\n" % (os.getpid(), kib // 4 * (4096 - 64))
    fd = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(fd, line)
    os.close(fd)
    return kib


if __name__ == "__main__":
    spend(2000)
