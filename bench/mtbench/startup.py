"""How long `python -c pass` takes, by mode."""

import statistics


class Startup:
    def __init__(self):
        self.wall = {}		# by mode, lists of seconds
        self.cpu = {}

    def measure(self, bench, chosen, n):
        for _ in range(n):
            for mode in chosen:
                wall, cpu = bench.startup(mode)
                self.wall.setdefault(mode.name, []).append(wall)
                self.cpu.setdefault(mode.name, []).append(cpu)


def above_plain(seconds, mode):
    """The median of the differences to the plain run next to it."""
    return statistics.median(
        b - a for a, b in zip(seconds["plain"], seconds[mode]))
