"""docutils: reStructuredText to HTML."""

import docutils.core

import harness

SECTION = """
Section %(i)d
-------------

Some *emphasis*, some **strong emphasis**, ``a literal`` and `a link
<https://example.org/%(i)d>`_.

- first item of list %(i)d
- second item

  1. nested, one
  2. nested, two

===== =====
left  right
===== =====
one   two
three four
===== =====

.. note:: Of no importance.

::

    literal block %(i)d
"""


def work(n):
    text = "Title\n=====\n" + "".join(SECTION % {"i": i} for i in range(n))
    docutils.core.publish_string(
        text, writer_name="html5",
        settings_overrides={"_disable_config": True})


harness.run(work, 120)
