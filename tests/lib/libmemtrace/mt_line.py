# For mt_line_test: code objects and what their interpreter says about lines.
# A line of output is: kind of table, first line, table in hexadecimal, number
# of bytes of code, then pairs "offset:line" where the line changes.  Where the
# interpreter knows no line, the one before counts, or the first line.
import dis
import importlib.util
import sys

modules = """argparse ast asyncio.base_events asyncio.tasks calendar
    collections contextlib csv dataclasses datetime difflib email.message enum
    functools inspect json.decoder logging mailbox optparse pathlib pickle
    random re shutil statistics subprocess tarfile tempfile threading typing
    unittest.mock uuid weakref zipfile""".split()

# Ranges without a line, lines that go back, long lines and long functions.
extra = """
def odd(a, b):
    for i in (a,
              b,
              a + b):
        try:
            with a as x, b as y:
                yield [x for x in y if x
                       if y]
        except (ValueError,
                KeyError) as e:
            raise e from None
        finally:
            b = 1; a = 2

    assert (a
            == b), (
        'message')
    return a
async def more(q):
    async for x in q:
        async with x:
            await x
def far():
    a = 1
%s
    b = 2
""" % ("\n" * 5000) + "def long():\n" + "    f(1, 2)\n" * 500


def lines(code):
    if hasattr(code, "co_lines"):
        return ((start, end, line) for start, end, line in code.co_lines())
    starts = list(dis.findlinestarts(code)) + [(len(code.co_code), None)]
    return ((starts[i][0], starts[i + 1][0], starts[i][1])
            for i in range(len(starts) - 1))


def show(code):
    if sys.version_info >= (3, 11):
        kind, table = 3, code.co_linetable
    elif sys.version_info >= (3, 10):
        kind, table = 2, code.co_linetable
    else:
        kind, table = 1, code.co_lnotab
    pairs = []
    last = None
    for start, end, line in lines(code):
        if line is not None and line != last and end > start:
            if last is None and start > 0:
                pairs.append("0:%d" % code.co_firstlineno)
            pairs.append("%d:%d" % (start, line))
            last = line
    if last is None:
        pairs.append("0:%d" % code.co_firstlineno)
    print(kind, code.co_firstlineno, table.hex() or "-", len(code.co_code),
          " ".join(pairs))
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            show(const)


for name in modules:
    try:
        file = importlib.util.find_spec(name).origin
        with open(file, encoding="utf-8") as f:
            source = f.read()
    except Exception:
        continue        # not in every version
    show(compile(source, name, "exec", dont_inherit=True))
show(compile(extra, "extra", "exec", dont_inherit=True))
