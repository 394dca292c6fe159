"""Children without exec: each allocates, and ends in its own way."""
import os
import signal
import sys
import threading
import time

kept = []


def keep(n):
    kept.append(bytearray(n))


def child_work():
    return [bytearray(100000) for _ in range(5)]


def fork(i):
    pid = os.fork()
    if pid == 0:
        blocks = child_work()
        if i % 3 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(len(blocks) % 256)
    return os.waitpid(pid, 0)[1]


def busy(stop):
    while not stop.is_set():
        bytearray(3000)


for i in range(100):
    keep(100000)
    fork(i)
# The same while another thread is anywhere in an allocation.
stop = threading.Event()
t = threading.Thread(target=busy, args=(stop,))
t.start()
statuses = [fork(i) for i in range(100)]
stop.set()
t.join()
print(len(kept), statuses[:3])
# A big child that lives on for a while after us, and says so.
pid = os.fork()
if pid == 0:
    blocks = [bytearray(1000000) for _ in range(300)]
    time.sleep(0.3)
    with open(sys.argv[1], "w") as out:
        out.write("%d\n" % len(blocks))
    os._exit(0)
