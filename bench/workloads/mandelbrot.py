"""The Mandelbrot set with NumPy: a few large temporary arrays a step."""

import numpy

import harness


def mandelbrot(size, steps):
    x = numpy.linspace(-2.0, 0.5, size)
    y = numpy.linspace(-1.25, 1.25, size)
    c = x + 1j * y[:, numpy.newaxis]
    z = numpy.zeros_like(c)
    depth = numpy.zeros(c.shape, dtype=int)
    for _ in range(steps):
        inside = z.real ** 2 + z.imag ** 2 < 4.0
        z = numpy.where(inside, z * z + c, z)
        depth += inside
    return depth


def work(n):
    for _ in range(n):
        mandelbrot(128, 40)


harness.run(work, 80)
