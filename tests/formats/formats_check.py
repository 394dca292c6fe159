"""usage: formats_check.py kind file

Is a file a valid one of its kind, harmless wherever it is looked at, and are
the names of formats_names in it?  What is harmful is said here again, in
words of our own."""

import csv
import gzip
import io
import json
import re
import sys

from formats_names import NAMES, STRING_MAX, as_bytes

# Control characters, ends of lines, marks that change the direction.
UNSAFE = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
FORMULA = tuple("=+-@\t\r\uff0b\uff0d\uff1d\uff20")
ESCAPE = re.compile(rb"\\(?:(\\)|(n)|(t)|x([0-9a-f]{2})|u([0-9a-f]{4}))")


def safe(text, allowed=""):
    for found in UNSAFE.finditer(text):
        assert found.group() in allowed, ascii(text[found.start() - 40 :][:80])
    return text


def cell(text):
    """What is in a cell, which nothing may take for a formula."""
    assert not text.startswith(FORMULA), ascii(text[:80])
    return safe(text)


def unescape(text):
    def one(m):
        if m.group(4):
            return bytes([int(m.group(4), 16)])
        if m.group(5):
            return chr(int(m.group(5), 16)).encode()
        return b"\\" if m.group(1) else b"\n" if m.group(2) else b"\t"

    data = text.encode()
    assert b"\\" not in ESCAPE.sub(b"", data), "escape " + ascii(text[:200])
    return ESCAPE.sub(one, data)


def replaced(name):
    """A name where bytes that are not UTF-8 cannot be."""
    out = ""
    data = as_bytes(name)
    while data:
        for n in (4, 3, 2, 1):
            try:
                char = data[:n].decode()
            except UnicodeDecodeError:
                continue
            if len(char) == 1:
                break
        else:
            char, n = "\ufffd", 1
        out += char
        data = data[n:]
    return out


def have(found, wanted):
    for key, name in NAMES.items():
        assert wanted(name) in found, "no " + key


def no_constant(text):
    raise ValueError(text)


def pairs(items):
    out = dict(items)
    assert len(out) == len(items), "a key twice"
    return out


def load(text):
    return json.loads(
        text, parse_constant=no_constant, object_pairs_hook=pairs
    )


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)


def check_json(data):
    text = safe(data.decode(), "\n")
    value = load(text)
    for s in strings(value):
        s.encode()
    return value


def check_names(data):
    """JSON with names, for themselves or with something behind them."""
    found = "\n\n".join(strings(check_json(data)))
    have(found, replaced)


def check_lines(data):
    """JSON, an object a line."""
    lines = data.splitlines(keepends=True)
    assert lines
    for line in lines:
        check_names(line)


def check_text(data):
    safe(data.decode(), "\n\t")


def check_terminal(data):
    """What a terminal without colours gets."""
    safe(data.decode(), "\r\n\t")
    assert b"\r\n" in data


def check_tsv(data):
    lines = safe(data.decode(), "\n\t").split("\n")
    assert lines.pop() == ""
    found = b""
    for line in lines:
        for text in line.split("\t"):
            # A tree is indented.
            found += unescape(cell(text.lstrip(" "))) + b"\n\n"
    have(found, as_bytes)


def check_parse(data):
    """Keys before all values, so that none begins a cell."""
    lines = safe(data.decode(), "\n\t").split("\n")
    assert lines.pop() == ""
    found = set()
    for line in lines:
        kind, *fields = line.split("\t")
        assert re.fullmatch("[A-Z]+", kind), kind
        for f in fields:
            key, eq, value = cell(f).partition("=")
            assert eq and re.fullmatch("[a-z_]+", key), f[:80]
            found.add(unescape(value))
    have(found, as_bytes)


def check_csv(data):
    text = safe(data.decode(), "\r\n")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    again = io.StringIO(newline="")
    csv.writer(again).writerows(rows)
    assert again.getvalue() == text
    found = set()
    for row in rows:
        assert len(row) == 6
        # Also where cells end at something else.
        for part in re.split("[,;|]", ",".join(row)):
            cell(part)
        for place in row[5].split("|") if rows.index(row) else []:
            names = place.split(";")
            assert len(names) in (1, 3), ascii(place[:80])
            found.update(map(unescape, names))
    have(found, as_bytes)
    assert any(b"=equals()" in unescape(r[4]) for r in rows)


def check_folded(data):
    lines = safe(data.decode(), "\n").split("\n")
    assert lines.pop() == ""
    found = set()
    for line in lines:
        stack, blank, number = line.rpartition(" ")
        assert blank and number.isdigit()
        for place in stack.split(";"):
            found.add(unescape(place))
    found = b"\n\n".join(found)
    have(found, as_bytes)


def check_speedscope(data):
    value = check_json(data)
    frames = value["shared"]["frames"]
    have({f["name"] for f in frames}, replaced)
    have({f.get("file", "") for f in frames}, replaced)


def check_gprof2dot(data):
    value = check_json(data)
    have({f["name"] for f in value["functions"]}, replaced)
    have({f["module"] for f in value["functions"]}, replaced)


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def check_pprof(data):
    """pprof prints its strings as they are."""
    data = gzip.decompress(data)
    at = 0
    found = []
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            if tag >> 3 == 6:
                found.append(safe(data[at : at + value].decode()))
            at += value
    assert at == len(data) and found[0] == ""
    assert any("escape\\x1b[31m" in s for s in found)
    assert any("surrogate\\xed\\xa0\\x80" in s for s in found)


def main():
    assert len(as_bytes(NAMES["long"])) == STRING_MAX
    with open(sys.argv[2], "rb") as f:
        globals()["check_" + sys.argv[1]](f.read())


main()
