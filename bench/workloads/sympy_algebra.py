"""SymPy: expands and simplifies, deep in Python."""

import sympy
from sympy.core.cache import clear_cache

import harness


def work(n):
    x, y, z = sympy.symbols("x y z")
    for _ in range(n):
        clear_cache()
        sympy.expand((x + y + z + 1) ** 12)
        sympy.integrate(x ** 2 * sympy.sin(x) * sympy.exp(x), x)


harness.run(work, 1)
