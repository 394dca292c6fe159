"""Requests to several services in turns, at a steady rate, and how long each
took."""

import random
import socket
import threading
import time


def percentile(times, share):
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


class Load:
    """Clients that ask one service after the other, until stop().

    Each client asks all services for the same thing, in an order that
    changes; so what else the machine does is the same for all of them.
    """

    def __init__(self, sockets, rate, clients=4):
        self.times = {path: [] for path in sockets}
        self.failures = []
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.threads = [
            threading.Thread(target=self.client, args=(clients / rate, i),
                             daemon=True)
            for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def client(self, interval, number):
        chance = random.Random(number)
        paths = list(self.times)
        n = 0
        while not self.ended.wait(chance.expovariate(1 / interval)):
            n += 1
            what = ("fork" if n % 97 == 10 else
                    "spawn" if n % 193 == 20 else "work")
            chance.shuffle(paths)
            for path in paths:
                self.ask(path, what)

    def ask(self, path, what):
        begin = time.monotonic()
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(120)
                s.connect(path)
                s.sendall(what.encode() + b"\n")
                answer = s.makefile("r").readline().strip()
        except OSError as error:
            answer = str(error)
        taken = time.monotonic() - begin
        with self.lock:
            if what == "work":
                self.times[path].append(taken)
            if not answer.isdigit() or (what != "work" and answer != "0"):
                self.failures.append(f"{what}: {answer!r}")
