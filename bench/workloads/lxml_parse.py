"""lxml: parse, search and write XML; libxml2 allocates each node."""

from lxml import etree

import harness

DOCUMENT = "<list>%s</list>" % "".join(
    "<item id='i%d' kind='%s'><name>Name %d</name><note>text &amp; more"
    "</note></item>" % (i, "ab"[i % 2], i) for i in range(3000))


def work(n):
    for _ in range(n):
        root = etree.fromstring(DOCUMENT)
        found = root.xpath("item[@kind='a'][number(substring(@id, 2)) > 1500]")
        for item in found:
            item.find("note").text = item.get("id")
        etree.tostring(root)


harness.run(work, 50)
