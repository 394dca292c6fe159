"""pandas: group, aggregate, merge and sort a table."""

import numpy
import pandas

import harness

ROWS = 200000


def work(n):
    random = numpy.random.RandomState(1)
    table = pandas.DataFrame({
        "key": random.randint(0, 1000, ROWS),
        "kind": random.choice(["red", "green", "blue"], ROWS),
        "value": random.rand(ROWS),
    })
    for _ in range(n):
        sums = table.groupby(["kind", "key"], as_index=False).agg(
            total=("value", "sum"), mean=("value", "mean"))
        both = table.merge(sums, on=["kind", "key"])
        both.sort_values(["total", "value"]).head(10)


harness.run(work, 5)
