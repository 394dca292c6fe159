"""Jinja2: a large HTML table, with compilation of its template."""

import jinja2

import harness

PAGE = """{% macro cell(value) %}<td>{{ value|upper }}</td>{% endmacro %}
<table>{% for row in table %}<tr id="r{{ loop.index }}">
{% for column in row %}{{ cell(column) }}{% endfor %}
</tr>{% endfor %}</table>"""


def work(n):
    table = [["cell %d&%d" % (r, c) for c in range(10)] for r in range(100)]
    for _ in range(n):
        env = jinja2.Environment(autoescape=True)
        env.from_string(PAGE).render(table=table)


harness.run(work, 70)
