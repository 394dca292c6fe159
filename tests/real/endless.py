"""Allocates and frees until somebody ends it."""
import sys
import threading

ring = [None] * 100


def work(first):
    i = first
    while True:
        ring[i % 100] = bytearray(1000 + i % 5000)
        i += 1


def start():
    keep = bytearray(5000000)
    print("ready", flush=True)
    work(len(keep))


threads = [threading.Thread(target=work, args=(i,), daemon=True)
           for i in range(int(sys.argv[1]))]
for t in threads:
    t.start()
start()
