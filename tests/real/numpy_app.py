"""Mandelbrot set by whole arrays, and an outer product kept for good."""
import numpy

SIDE = 800


def grid():
    x = numpy.linspace(-2, 1, SIDE)
    y = numpy.linspace(-1.5, 1.5, SIDE)
    return x[None, :] + 1j * y[:, None]


def iterate(c, rounds):
    z = numpy.zeros_like(c)
    inside = numpy.zeros(c.shape, dtype=int)
    for _ in range(rounds):
        z = numpy.where(abs(z) < 2, z * z + c, z)
        inside += abs(z) < 2
    return inside


def table():
    return numpy.multiply.outer(numpy.arange(1000.0), numpy.arange(1000.0))


kept = table()
print(iterate(grid(), 20).sum(), kept.sum())
