"""Names that a program may give to anything of its own, by what they are
meant to break.  Each has its key in it, so that it is told from the others."""

NAMES = {
    "plain": "plain",
    "escape": "escape\x1b[31m\x1b]0;title\x07",
    "c1": "c1\x9b31m\x85\x90\x9d\x7f",
    "c0": "".join(map(chr, range(1, 32))) + "c0",
    "bidi": "bidi\u202e\u2066\u2069\u200e\u200f\u061c\u2028\u2029",
    "bytes": "bytes\udcff\udcc3(\udc80",
    "surrogate": "surrogate\ud800x\udfff",
    "nul": "nul\0after",
    "white": "white\ttab\nnew\rcr\r\n",
    "quotes": "quotes\"q\"'s'\\b\\x1b\\,;|: at ",
    "equals": "=equals()",
    "call": "=cmd|' /C calc'!A0,call",
    "plus": "+plus",
    "minus": "-minus",
    "at": "@at",
    "wide": "\uff1dwide",
    "tab": "\t=tab",
    "cr": "\r=cr",
    "field": "x;=field",
    "line": "x\n=line",
    "html": "</script><!--&amp;html",
    "astral": "astral\U0001f40d\uffff\ufffe\ufeff",
    "long": "long" + "y" * 5996,
}

STRING_MAX = 4096  # what is kept of a name


def as_bytes(name):
    """A name as captures have it."""
    out = b""
    for c in name:
        if 0xDC80 <= ord(c) <= 0xDCFF:
            c = bytes([ord(c) - 0xDC00])
        elif c == "\0":
            c = b"\xc0\x80"
        else:
            c = c.encode("utf-8", "surrogatepass")
        if len(out) + len(c) > STRING_MAX:
            break
        out += c
    return out
