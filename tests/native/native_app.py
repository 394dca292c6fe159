"""usage: native_app.py directory [part ...]

Make allocations in ways that are hard to unwind, with what was compiled from
native_lib.cc and native_plug.c into the directory.
"""

import ctypes
import json
import sqlite3
import sys
import threading

directory = sys.argv[1]
lib = ctypes.CDLL(directory + "/native_lib.so")
CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int)


def deep(depth, what):
    if depth == 0:
        return what()
    return deep(depth - 1, what)


def exceptions():
    lib.native_exceptions(300)


def frames():
    for n in range(40):
        lib.native_alloca(n)
        lib.native_aligned(n)
    deep(20, lambda: lib.native_alloca(30))


def recursion():
    threading.stack_size(16 << 20)
    thread = threading.Thread(target=lib.native_recurse, args=(30000,))
    thread.start()
    thread.join()
    threading.stack_size(0)
    lib.native_recurse(3000)


def signals():
    lib.native_signal(60, 0)
    lib.native_signal(60, 1)
    deep(10, lambda: lib.native_signal(20, 0))


def threads():
    lib.native_thread(100)
    made = []
    callback = CALLBACK(lambda n: made.append(bytearray(1000 + n)))
    for _ in range(5):
        lib.native_thread_python(callback)
    lib.native_coroutine(50)


def plugs():
    """Libraries in each other's place."""
    close = ctypes.CDLL(None).dlclose
    close.argtypes = [ctypes.c_void_p]
    for n in range(12):
        plug = ctypes.CDLL("%s/native_plug%d.so" % (directory, n % 2))
        plug.plug_run(20)
        lib.native_recurse(4)
        close(plug._handle)


def python():
    """The interpreter, its extensions and Python called from both."""
    database = sqlite3.connect(":memory:")
    database.create_function("f", 1, lambda v: json.dumps([v] * 500)[:9])
    database.execute("create table t (v)")
    for n in range(10):
        database.execute("insert into t values (?)", (n,))
        database.execute("select f(v) from t order by f(v)").fetchall()
        sorted(range(30), key=lambda k: bytearray(600 + k))
        deep(n, lambda: list(map(lambda k: bytearray(700 + k), range(9))))
    database.close()
    workers = [threading.Thread(target=deep, args=(d * 20, lambda: [
        json.loads(json.dumps(list(range(200)))) for _ in range(20)]))
        for d in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def greenlets():
    import greenlet

    def run(n):
        while True:
            deep(n, lambda: lib.native_inner(800))
            greenlet.getcurrent().parent.switch()

    lets = [greenlet.greenlet(run) for _ in range(4)]
    for _ in range(30):
        for n, let in enumerate(lets):
            let.switch(5 * n)
            deep(n, lambda: lib.native_inner(900))


def numpy():
    import numpy

    for n in range(300):
        a = numpy.arange(2000.0 + n)
        b = (a + a) * a
        numpy.sort(b[::-1])
        numpy.dot(b.reshape(-1, 1), b[None, :4])
        numpy.linalg.svd(numpy.outer(a[:20], a[:30]))


def lxml():
    """libxml2 and libxslt, with Python called from XPath and from a parser."""
    from lxml import etree

    class Target:
        def start(self, tag, attributes):
            bytearray(600)

        def close(self):
            return bytearray(700)

    sheet = etree.XSLT(etree.XML(
        '<s:stylesheet version="1.0" xmlns:s="http://www.w3.org/1999/XSL/'
        'Transform"><s:template match="/"><o><s:for-each select="//c"><s:sort '
        'select="@n"/><d><s:value-of select="."/></d></s:for-each></o>'
        '</s:template></s:stylesheet>'))
    functions = etree.FunctionNamespace("urn:f")
    functions["f"] = lambda context, n: "%d" % len(bytearray(800 + int(n[0])))
    for i in range(8):
        root = etree.Element("r")
        for n in range(30):
            etree.SubElement(root, "c", n=str(n % 7)).text = "t%d" % n
        data = etree.tostring(root)
        etree.XML(data, etree.XMLParser(target=Target()))
        sheet(etree.fromstring(data))
        root.xpath("//c[f:f(@n) > 3]", namespaces={"f": "urn:f"})
        try:
            etree.fromstring(data[:-3])
        except etree.XMLSyntaxError:
            pass


def pydantic_core():
    """Rust, with Python called from validators and serializers."""
    import pydantic_core
    from pydantic_core import core_schema as s

    def check(value, _=None):
        if value > 30:
            raise ValueError("x" * 600 + str(bytearray(700)))
        return value

    item = s.typed_dict_schema({
        "n": s.typed_dict_field(s.no_info_after_validator_function(
            check, s.int_schema())),
        "u": s.typed_dict_field(s.union_schema([s.url_schema(),
                                                s.str_schema()])),
        "t": s.typed_dict_field(s.list_schema(s.str_schema(pattern="a+b")))})
    for i in range(30):
        many = s.list_schema(item)
        validate = pydantic_core.SchemaValidator(many)
        items = [{"n": n % (40 if i % 3 == 0 else 20), "u": "http://h/%d" % n,
                  "t": ["aab"] * 20} for n in range(50)]
        try:
            found = validate.validate_python(items)
            data = pydantic_core.to_json(found)
            validate.validate_json(data)
            pydantic_core.SchemaSerializer(many).to_python(found)
            pydantic_core.from_json(data)
        except pydantic_core.ValidationError as e:
            e.errors(), str(e)


parts = {f.__name__: f for f in (exceptions, frames, recursion, signals,
         threads, plugs, python, greenlets, numpy, lxml, pydantic_core)}
for part in sys.argv[2:]:
    parts[part]()
