"""Threads with names, blocks freed by other threads, signals."""
import _thread
import concurrent.futures
import queue
import signal
import threading

import truth_log
from truth_kinds import RANDOM, KINDS, block, step
from truth_log import MALLOC, OBJECT, free, last_size

_kept = []      # what lives at the end


def worker(rounds):
    make, size = block()
    for _ in range(rounds):
        RANDOM.choice(KINDS)(2)
        make(size)


def named(names, rounds):
    threads = [threading.Thread(target=worker, args=(rounds,), name=name)
               for name in names]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


class Subclass(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)

    def run(self):
        worker(1)


def unnamed():
    """Names that Python makes up, and none at all."""
    t = threading.Thread(target=worker, args=(1,))
    t.start()
    t.join()
    done = threading.Event()
    _thread.start_new_thread(lambda: [step(1), done.set()], ())
    done.wait()


def pools():
    with concurrent.futures.ThreadPoolExecutor(
            4, thread_name_prefix="pool") as pool:
        list(pool.map(step, [2] * 20))
    timer = threading.Timer(0.001, step, [1])
    timer.name = "timer"
    timer.start()
    timer.join()


def kept_block():
    make, size = OBJECT
    _kept.append(make(size))
    truth_log.keep(last_size())


def kept_malloc():
    make, size = MALLOC
    p = make(size)
    truth_log.keep(last_size())
    return p, last_size()


def producer(q, count):
    for i in range(count):
        make, size = OBJECT
        q.put((make(size), None))
        q.put(kept_malloc())
        if i % 10 == 0:
            kept_block()


def consumer(q):
    while True:
        item, size = q.get()
        if item is None:
            return
        if size is not None:
            truth_log.forget(size)
            free(item)


def crossing():
    """Every block is freed by another thread than the one that made it."""
    q = queue.Queue(16)
    makers = [threading.Thread(target=producer, args=(q, 100),
                               name="producer-%d" % i) for i in range(3)]
    takers = [threading.Thread(target=consumer, args=(q,),
                               name="consumer-%d" % i) for i in range(3)]
    for t in makers + takers:
        t.start()
    for t in makers:
        t.join()
    for t in takers:
        q.put((None, None))
    for t in takers:
        t.join()


def handler(signum, frame):
    make, size = block()
    make(size)
    step(1)
    # One at a time, or a slow machine would do nothing else.
    signal.setitimer(signal.ITIMER_REAL, 0.002)


def signalled(rounds):
    """Handlers run between any two instructions."""
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.002)
    try:
        worker(rounds)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run():
    named(["one"], 4)
    named(["worker-%d" % i for i in range(6)], 4)
    named(["\u00e4rger", "\u7ebf\u7a0b", "with blank", "n" * 60], 2)
    t = Subclass("sub")
    t.start()
    t.join()
    unnamed()
    pools()
    crossing()
    signalled(15)
