"""Functions with tables of lines, and with code, of any length.  Prints for
each the line that it says that it is in."""

import dis
import sys

NOP = dis.opmap["NOP"]


def here(n):
    print(sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno)
    return bytearray(n)


def table():
    return (
        here(3000000))


def code():
    return (
        here(4000000))


# Instructions without a line in front of the others, and table entries that
# say nothing.
def lengthen(function, entries, units):
    c = function.__code__
    co = 2 * entries * units
    if sys.version_info >= (3, 11):
        entry = bytes([0xf8 | (units - 1)])
        table = {"co_linetable": entry * entries + c.co_linetable}
    elif sys.version_info >= (3, 10):
        range_ = b"\xfe\x80" * (co // 254) + bytes([co % 254, 0x80])
        table = {"co_linetable": bytes(2 * entries) + range_ + c.co_linetable}
    else:
        step = b"\xff\0" * (co // 255) + bytes([co % 255, 0])
        table = {"co_lnotab": bytes(2 * entries) + step + c.co_lnotab}
    return c.replace(co_code=bytes([NOP, 0]) * (co // 2) + c.co_code, **table)


def main():
    table.__code__ = lengthen(table, 400000, 1)
    code.__code__ = lengthen(code, 1200000, 8)
    kept = [table(), code()]
    lines = ["x = []"]
    lines += ["x.append((%d, 'a',\n  None))" % i for i in range(20000)]
    lines += ["def late():", "    return (", "        here(5000000))", "",
              "kept.append(late())"]
    exec(compile("\n".join(lines), "longcode", "exec"),
         {"here": here, "kept": kept})
    return kept


kept = main()
