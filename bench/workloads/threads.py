"""Four threads in a ring: each allocates what the next one frees."""

import queue
import threading

import harness

THREADS = 4
BATCH = 100


def turn(mine, following, n):
    for _ in range(n):
        following.put([bytearray(1000) for _ in range(BATCH)])
        mine.get()


def work(n):
    queues = [queue.Queue(8) for _ in range(THREADS)]
    threads = [
        threading.Thread(target=turn, name="ring-%d" % i,
                         args=(queues[i], queues[(i + 1) % THREADS], n))
        for i in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


harness.run(work, 4000)
