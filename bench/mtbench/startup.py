"""How long `python -c pass` takes, by mode."""

import statistics


class Startup:
    def __init__(self):
        self.seconds = {}

    def measure(self, bench, chosen, n):
        for _ in range(n):
            for mode in chosen:
                self.seconds.setdefault(mode.name, []).append(
                    bench.startup(mode))

    def median(self, mode):
        return statistics.median(self.seconds[mode])

    def above_plain(self, mode):
        """The median of the differences to the plain run next to it."""
        return statistics.median(
            b - a for a, b in zip(self.seconds["plain"], self.seconds[mode]))
