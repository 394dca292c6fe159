"""Blocks that one thread allocates and another one frees, both ways; every
fortieth stays."""

import queue
import threading

BLOCKS = 200
SIZE = 500000
kept = []


def produce(q):
    for _ in range(BLOCKS):
        q.put(bytearray(SIZE))  # PRODUCE
    q.put(None)


def consume(q):
    n = 0
    while True:
        block = q.get()
        if block is None:
            break
        n += 1
        if n % 40 == 0:
            kept.append(block)
        del block


def both(mine, other):
    """Produce for the other thread and consume what it produces."""
    t = threading.Thread(target=produce, args=(other,), name="producer")
    t.start()
    consume(mine)
    t.join()


a = queue.Queue(maxsize=4)
b = queue.Queue(maxsize=4)
threads = [threading.Thread(target=both, args=pair)
           for pair in ((a, b), (b, a))]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(kept))
