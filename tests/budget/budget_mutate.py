"""Readers get captures that were cut and changed.

    budget_mutate.py [-a] SEED CAPTURE ...

Each capture is cut at every per cent of its length, changed in single bytes,
and, if it is one of ours, changed inside its payloads with all checksums, the
index and the end made right again.  One of the readers, or with -a each of
them, gets each of these.  Statuses are 0 or 1, whatever the file is; what
differs from that is printed, and kept.
"""

import os
import random
import resource
import struct
import subprocess
import sys
import zlib

READERS = [line.split() for line in """
memray-summary
memray-summary --leaks
memray-summary --at 0.01
memray-summary --from 0.001 --to 0.02 --json
memray-stats
memray-stats --json
memray-tree
memray-tree --json
memray-parse
memray-transform -o - csv
memray-transform -o - folded
memray-transform -o - speedscope
memray-transform -f -o out.bin pprof
memray-transform -f -o out.bin memray
memray-transform -f -o out.bin aggregate
memray-symbolize -o out.bin
""".strip().splitlines()]

MEMORY = 2 << 30
SECONDS = 60
FILE_HEAD, BLOCK_HEAD = 32, 24
EVENTS, INDEX, END = 5, 8, 9
ZLIB = 1


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def block(kind, flags, payload):
    stored = zlib.compress(payload, 1) if flags & ZLIB else payload
    head = struct.pack("<IHHIII", 0x4B4C4289, kind, flags, len(payload),
                       len(stored), zlib.crc32(stored))
    return head + struct.pack("<I", zlib.crc32(head)) + stored


def blocks_of(data):
    """Kinds, flags and payloads of a capture of ours."""
    at, found = FILE_HEAD, []
    while at + BLOCK_HEAD <= len(data):
        kind, flags, _, stored = struct.unpack_from("<HHII", data, at + 4)
        at += BLOCK_HEAD
        payload = data[at:at + stored]
        if flags & ZLIB:
            payload = zlib.decompress(payload)
        found.append((kind, flags, payload))
        at += stored
    return found


def put_together(head, blocks):
    """The same as a file, with an index of what is there."""
    out, index, last = head, b"", 0
    for kind, flags, payload in blocks:
        if kind in (INDEX, END):
            continue
        index += varint(kind) + varint(len(out) - last)
        index += varint(len(payload))
        if kind == EVENTS:
            index += varint(0) + varint(0)
        last = len(out)
        out += block(kind, flags, payload)
    at = len(out)
    out += block(INDEX, 0, index)
    return out + block(END, 0, struct.pack("<QQ", at, len(out) + 40))


def change(rng, data):
    """A few bytes are others, more or fewer."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(4)
        if what == 0:
            data[at:at] = rng.randbytes(rng.randint(1, 9))
        elif what == 1:
            del data[at:at + rng.randint(1, 9)]
        elif what == 2 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif at < len(data):
            data[at] = rng.choice((0, 1, 127, 128, 255))
    return bytes(data)


def mutations(rng, data):
    for percent in range(100):
        yield "cut at %d %%" % percent, data[:len(data) * percent // 100]
    for i in range(20):
        yield "change %d" % i, change(rng, data)
    if not data.startswith(b"\211MTR"):
        return
    blocks = blocks_of(data)
    for i in range(60):
        some = list(blocks)
        n = rng.randrange(len(some))
        kind, flags, payload = some[n]
        some[n] = kind, flags, change(rng, payload)
        yield "payload %d" % i, put_together(data[:FILE_HEAD], some)


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def check(reader, name, data):
    """Whether a reader ends as it should."""
    with open("in.bin", "wb") as f:
        f.write(data)
    command = reader + ["in.bin"]
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, preexec_fn=limits,
                              timeout=SECONDS)
        status, said = done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        status, said = "too long", b""
    if status in (0, 1) and b"out of memory" not in said:
        return True
    kept = "bad-%d.bin" % zlib.crc32(data)
    os.rename("in.bin", kept)
    print("%s: %s: %s: %s (%s)" % (" ".join(reader), name, status,
                                   said.decode("ascii", "replace"), kept))
    return False


def main():
    every = sys.argv[1] == "-a"
    arguments = sys.argv[1 + every:]
    rng = random.Random(int(arguments[0]))
    runs, bad = 0, 0
    for path in arguments[1:]:
        with open(path, "rb") as f:
            data = f.read()
        for name, mutant in mutations(rng, data):
            for reader in READERS if every else [rng.choice(READERS)]:
                runs += 1
                bad += not check(reader, "%s, %s" % (path, name), mutant)
    print("%d runs, %d bad" % (runs, bad))
    return bad > 0


sys.exit(main())
