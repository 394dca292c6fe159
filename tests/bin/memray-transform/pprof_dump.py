"""Print a pprof profile as text: a reader of its own, written from the
description of profile.proto, which fails where the profile breaks a rule."""

import gzip
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            assert value < 1 << 64
            return value, at


def fields(data):
    """(number, value): an int, or the bytes of a string or a message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        assert tag & 7 in (0, 2), "kind of field"
        value, at = varint(data, at)
        if tag & 7 == 2:
            assert at + value <= len(data), "length"
            at += value
            value = data[at - value : at]
        yield tag >> 3, value


def message(data, repeated=()):
    out = {number: [] for number in repeated}
    for number, value in fields(data):
        if number in repeated:
            out[number].append(value)
        else:
            assert number not in out, "repeated field"
            out[number] = value
    return out


def packed(data):
    at = 0
    out = []
    while at < len(data):
        value, at = varint(data, at)
        out.append(value)
    return out


def by_id(messages):
    out = {m[1]: m for m in messages}
    assert len(out) == len(messages) and 0 not in out, "ids"
    return out


profile = message(gzip.open(sys.argv[1]).read(), (1, 2, 3, 4, 5, 6, 13))
strings = [s.decode("utf-8") for s in profile[6]]
assert strings[0] == ""


def text(m, number):
    return strings[m.get(number, 0)]


types = [message(m) for m in profile[1]]
mappings = by_id([message(m) for m in profile[3]])
functions = by_id([message(m) for m in profile[5]])
locations = by_id([message(m, (4,)) for m in profile[4]])
period = message(profile[11])

for t in types:
    print("type", text(t, 1), text(t, 2))
print("default", strings[profile[14]])
print("period", text(period, 1), text(period, 2), profile[12])
print("time", profile[9], profile[10])
for c in profile[13]:
    print("comment", strings[c])
for m in mappings.values():
    print("mapping", text(m, 5), m.get(7), m.get(8), m.get(9))


def place(location):
    assert location[2] in mappings
    (line,) = (message(m) for m in location[4])
    f = functions[line[1]]
    return "%s (%s) at %s:%d of %d" % (
        text(f, 2),
        text(f, 3),
        text(f, 4),
        line.get(2, 0),
        f.get(5, 0),
    )


for data in profile[2]:
    sample = message(data, (3,))
    values = packed(sample[2])
    assert len(values) == len(types)
    labels = [message(m) for m in sample[3]]
    print(*values, *("%s=%s" % (text(m, 1), text(m, 2)) for m in labels))
    for number in packed(sample[1]):
        print("\t" + place(locations[number]))
