"""Group by and join, as in any notebook."""
import numpy
import pandas


def make(n):
    rng = numpy.random.default_rng(7)
    return pandas.DataFrame({
        "key": rng.integers(0, 1000, n),
        "shop": rng.choice(["north", "south", "east", "west"], n),
        "amount": rng.random(n),
    })


def report(frame):
    totals = frame.groupby(["key", "shop"])["amount"].agg(["sum", "count"])
    return totals.reset_index().merge(frame, on=["key", "shop"])


frame = make(500000)
print(report(frame).groupby("shop")["amount"].sum().round(3).to_string())
