"""Some work of real packages, the same each time."""


def numpy():
    import numpy as np

    a = np.arange(1000000, dtype=float).reshape(1000, 1000)
    keep = [(a * i).sum(axis=0) for i in range(20)]
    return np.sort(np.concatenate(keep)).tolist()[:5]


def pandas():
    import pandas as pd

    df = pd.DataFrame({"a": range(50000), "b": ["x%d" % (i % 7)
                                                for i in range(50000)]})
    return df.groupby("b").a.sum().to_dict(), df.describe().to_csv()


def flask():
    import flask

    app = flask.Flask("agree")
    app.add_url_rule("/<name>", "hello", lambda name: "<b>%s</b>" % name)
    client = app.test_client()
    return [client.get("/x%d" % i).data for i in range(100)]


def django():
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates"}])
        django.setup()
    from django.template import Context, Template

    t = Template("{% for x in xs %}<li>{{ x|upper }}</li>{% endfor %}")
    return [t.render(Context({"xs": ["a%d" % i for i in range(500)]}))
            for _ in range(10)]


def sqlalchemy():
    from sqlalchemy import Column, Integer, String, create_engine, select
    from sqlalchemy.orm import Session, declarative_base

    base = declarative_base()

    class User(base):
        __tablename__ = "u"
        id = Column(Integer, primary_key=True)
        name = Column(String)

    engine = create_engine("sqlite://")
    base.metadata.create_all(engine)
    with Session(engine) as s:
        s.add_all([User(name="n%d" % i) for i in range(2000)])
        s.commit()
        return len(s.scalars(select(User).where(User.id > 10)).all())


def sympy():
    import sympy as sp
    from sympy.core import cache

    cache.clear_cache()
    x, y = sp.symbols("x y")
    return sp.factor(sp.expand((x + y + 1) ** 12)), sp.integrate(
        sp.sin(x) * sp.exp(x), x)


def pytest():
    import os
    import tempfile

    import pytest as p

    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "test_x.py")
        with open(path, "w") as f:
            f.write("import pytest\n@pytest.mark.parametrize('i', "
                    "range(200))\ndef test(i):\n    assert i >= 0\n")
        return p.main(["-q", "-p", "no:cacheprovider",
                       "--import-mode=importlib", path])


def jinja2():
    import jinja2 as j

    t = j.Template("{% for x in xs %}<li>{{ x|e }}</li>{% endfor %}")
    return [t.render(xs=["<%d>" % i for i in range(5000)])
            for _ in range(10)]


def pydantic():
    import typing

    import pydantic as p

    class Item(p.BaseModel):
        id: int
        name: str
        tags: typing.List[str] = []

    items = [Item(id=i, name="n%d" % i, tags=["a", "b"])
             for i in range(20000)]
    return sum(len(i.model_dump_json()) for i in items)


def lxml():
    from lxml import etree

    root = etree.Element("r")
    for i in range(20000):
        etree.SubElement(root, "c", id=str(i)).text = "t%d" % i
    data = etree.tostring(root)
    return len(etree.fromstring(data).xpath("//c[@id > 19000]")), len(data)


def cryptography():
    from cryptography.fernet import Fernet

    f = Fernet(b"A" * 43 + b"=")
    return [f.decrypt(f.encrypt(b"m%d" % i * 100)) for i in range(500)]


def yaml():
    import yaml as y

    text = y.dump([{"n": i, "tags": ["a", "b"]} for i in range(60)])
    return y.safe_load(text), y.load(text, Loader=y.CSafeLoader)


def regex():
    import regex as r

    text = "".join("k%d = v%d\n" % (i, i) for i in range(5000))
    return len(r.findall(r"(?<key>\w+) = (?<value>\w+)", text)), len(
        r.sub(r"\d+", lambda m: m[0] * 2, text))


def sqlite3():
    import sqlite3 as s

    db = s.connect(":memory:")
    db.execute("create table t (n, name)")
    db.executemany("insert into t values (?, ?)",
                   [(i, "n%d" % i) for i in range(5000)])
    try:
        return db.execute("select name from t order by name").fetchall()
    finally:
        db.close()


def pickle():
    import pickle as p

    return p.loads(p.dumps([{"n": i, "s": "x%d" % i} for i in range(5000)]))
