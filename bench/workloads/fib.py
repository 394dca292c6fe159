"""Recursive Fibonacci numbers: function calls, no allocations."""

import harness


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def work(n):
    for _ in range(n):
        fib(22)


harness.run(work, 150)
