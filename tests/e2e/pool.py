"""Threads that start after the program has lost something, all at work at
the same time: each makes some blocks that it drops and one that it keeps."""

import os
import resource
import sys
import threading

threads, rounds = int(sys.argv[1]), int(sys.argv[2])
how = sys.argv[3] if len(sys.argv) > 3 else ""
held = []
kept = []

if "POOL_BEGAN" in os.environ:
    open(os.environ["POOL_BEGAN"], "w").close()
threading.stack_size(262144)
if how == "user":
    os.setgid(65534)
    os.setuid(65534)
elif how == "root":
    os.chroot("/tmp")
elif how == "descriptors":
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            held.append(os.dup(0))
    except OSError:
        pass


def drop():
    for _ in range(rounds):
        bytearray(10000)


def keep():
    kept.append(bytearray(100000))


def work():
    start.wait()
    drop()
    keep()
    start.wait()


start = threading.Barrier(threads + 1)
all_threads = [threading.Thread(target=work) for _ in range(threads)]
for t in all_threads:
    t.start()
start.wait()
start.wait()
for t in all_threads:
    t.join()
print(len(kept), "blocks")
