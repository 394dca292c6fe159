"""black: formats a module of the standard library."""

import black
import textwrap

import harness


def work(n):
    with open(textwrap.__file__) as source:
        text = source.read()
    for _ in range(n):
        black.format_str(text, mode=black.Mode(line_length=60))


harness.run(work, 3)
