"""Captures that nobody's program made, to see what they cost a reader.

    budget_files.py KIND FILE [NUMBER ...]
"""

import struct
import sys
import zlib

MAGIC = b"\211MTR\r\n\032\n"
META, CODES, NODES, THREADS, SITES, INDEX, END, SYMBOLS = (
    1, 2, 3, 4, 7, 8, 9, 15)


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def svarint(n):
    return varint((n << 1) ^ (n >> 63))


def string(s):
    s = s if isinstance(s, bytes) else s.encode()
    return varint(len(s)) + s


def file_head():
    head = MAGIC + struct.pack("<HHIQI", 1, 2, 32, 1700000000 * 10**9, 0)
    return head + struct.pack("<I", zlib.crc32(head))


def block_head(kind, flags, raw, stored, crc):
    head = struct.pack("<IHHIII", 0x4B4C4289, kind, flags, raw, stored, crc)
    return head + struct.pack("<I", zlib.crc32(head))


def block(kind, payload, z=True):
    stored = zlib.compress(payload, 9) if z else payload
    return block_head(kind, int(z), len(payload), len(stored),
                      zlib.crc32(stored)) + stored


def whole(blocks):
    """A capture of these kinds and payloads, with an index."""
    out, index, last = file_head(), b"", 0
    for kind, payload in blocks:
        index += varint(kind) + varint(len(out) - last) + varint(len(payload))
        last = len(out)
        out += block(kind, payload)
    at = len(out)
    out += block(INDEX, index)
    return out + block(END, struct.pack("<QQ", at, len(out) + 40), z=False)


def code(number, name, path, kind=4, table=b""):
    return (varint(number) + string(name) + string(path) + varint(3) +
            varint(kind) + string(table))


def site(node):
    """One site, at that node."""
    columns = (svarint(node), varint(0), varint(1), varint(1), varint(64),
               varint(1), varint(64), varint(1), varint(64))
    return varint(1) + varint(9) + b"".join(
        varint(i + 1) + string(v) for i, v in enumerate(columns))


NOTHING = code(0, "", "", 0)
ROOT = varint(0) + varint(0) + varint(0) + svarint(0)
PID = string("pid") + string("1")


def symbols(nodes, frames):
    """Each node of a module stands for so many frames."""
    return whole([
        (META, PID),
        (CODES, NOTHING + code(1, "", "/usr/lib/libc.so.6", 5, b"\1" * 20)),
        (NODES, ROOT + (varint(1) + varint(1) + svarint(1)) * nodes),
        (SITES, site(nodes)),
        (SYMBOLS, varint(2) + string("f") + string("g.c") + varint(1) +
         string("") + varint(1) + varint(1) + varint(frames) +
         (varint(0) + varint(1) + varint(1)) * frames)])


def no_columns(rows):
    """A table of sites, the rows of which have no columns."""
    return whole([(META, PID), (SITES, varint(rows) + varint(1) + varint(99) +
                                string(bytes(rows)))])


def overlap(n):
    """Blocks that all reach to the end of the last."""
    tail = b"\xff" * 64
    region = bytearray(24 * n) + tail
    crc_of = memoryview(region)
    for i in range(n - 1, -1, -1):
        size = 24 * (n - 1 - i) + len(tail)
        region[24 * i:24 * i + 24] = block_head(
            META, 0, size, size, zlib.crc32(crc_of[24 * (i + 1):]))
    index = b"".join(varint(META) + varint(24 if i else 32) + varint(64)
                     for i in range(n))
    out = file_head() + region
    at = len(out)
    out += block(INDEX, index, z=False)
    return out + block(END, struct.pack("<QQ", at, len(out) + 40), z=False)


def deep(calls):
    """One stack, of two functions in turn."""
    return whole([
        (META, PID),
        (CODES, NOTHING + code(1, "f", "a.py") + code(2, "g", "b.py")),
        (NODES, ROOT + (varint(1) + varint(1) + svarint(3) + varint(1) +
                        varint(2) + svarint(4)) * (calls // 2)),
        (THREADS, varint(0) + varint(77) + string("T")),
        (SITES, site(calls // 2 * 2))])


def recursion(calls):
    """Each call of a recursion is a site."""
    columns = (svarint(1) + svarint(1) * (calls - 1), bytes(calls),
               b"\1" * calls, b"\1" * calls, b"\1" * calls, b"\1" * calls,
               b"\1" * calls, b"\1" * calls, b"\1" * calls)
    return whole([
        (META, PID), (CODES, NOTHING + code(1, "f", "a.py")),
        (NODES, ROOT + (varint(1) + varint(1) + svarint(3)) * calls),
        (THREADS, varint(0) + varint(77) + string("T")),
        (SITES, varint(calls) + varint(9) + b"".join(
            varint(i + 1) + string(v) for i, v in enumerate(columns)))])


def inflated(kind, size):
    """A block of so many zeroes."""
    return whole([(META, PID), (kind, bytes(size))])


def ids(number):
    """A function, a thread and a node with large numbers, and no others."""
    return whole([
        (META, PID), (CODES, code(number, "f", "a.py")),
        (THREADS, varint(number) + varint(7) + string("T")),
        (NODES, varint(number) + varint(1) + varint(0) + svarint(0)),
        (SITES, site(1))])


def memray(native):
    return (b"memray\0" + struct.pack("<II", 12, 0x030B07F0) +
            bytes((native, 0)) + struct.pack("<QQQQ", 0, 0, 1, 2) + b"x\0" +
            struct.pack("<IQQ", 1, 9, 0) + b"\1\0\0" + b"\x0c" +
            struct.pack("<Q", 9))


def again(n):
    """Stacks of 1024 frames, a new address space before each."""
    out = memray(1)
    for i in range(1024):
        out += b"\5" + svarint(1) + svarint(1 if i else 0)
    out += b"\x86" + svarint(1) + b"\x40"
    return out + (b"\6\x86" + svarint(0) + b"\x40") * n + b"\1"


def crowd(n):
    """Blocks at addresses which multiplying by a number makes equal."""
    inverse = pow(0x09E3779B97F4A7C1, -1, 1 << 64)
    out, last = bytearray(memray(0)), 0
    for i in range(1, n + 1):
        at = (inverse * (i * 8) & (1 << 64) - 1) >> 3
        delta = (at - last + (1 << 63)) % (1 << 64) - (1 << 63)
        out += bytes((0x80 | 15 << 3 | 6,))
        out += varint((delta << 1 ^ delta >> 63) & (1 << 64) - 1) + b"\x40"
        last = at
    return bytes(out) + b"\1"


def main():
    kinds = {f.__name__: f for f in (symbols, no_columns, overlap, deep, recursion,
                                     inflated, ids, again, crowd)}
    data = kinds[sys.argv[1]](*map(int, sys.argv[3:]))
    with open(sys.argv[2], "wb") as f:
        f.write(data)


main()
