"""500 threads, 64 at a time; then 200 at once."""
import threading

kept = []


def work(n):
    kept.append(bytearray(100000 + n))


def together(n, barrier):
    held = bytearray(50000 + n)
    barrier.wait()
    kept.append(held)
    work(n)
    barrier.wait()


def storm(gate, n):
    with gate:
        work(n)


gate = threading.BoundedSemaphore(64)
threads = []
for n in range(500):
    t = threading.Thread(target=storm, args=(gate, n), name="storm-%d" % n)
    threads.append(t)
    t.start()
    if len(threads) == 64:
        for t in threads:
            t.join()
        threads = []
for t in threads:
    t.join()
barrier = threading.Barrier(200)
threads = [threading.Thread(target=together, args=(n, barrier),
                            name="crowd-%d" % n) for n in range(200)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(kept), sum(map(len, kept)))
