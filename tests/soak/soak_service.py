"""The service of a soak test: a thread for each connection, and forks.

usage: soak_service.py socket

A connection is one request, a line: "work", "fork" or "spawn".  Work is a
millisecond or two of JSON, SQL and compression, and a wait for others.
SIGTERM ends the service, which then prints what is true of it, as JSON: how
many blocks keep() has made, how many of them are still there, and its own
processor time in seconds.
"""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
import zlib

# Seconds in which a request waits for what other machines answer.
ELSEWHERE = 0.01
BLOCK = 3000
SLOTS = 2000
OF_A_CHILD = 50

lock = threading.Lock()
slots = {}
made = 0


def keep():
    return bytearray(BLOCK)


def remember(key):
    global made
    with lock:
        made += 1
        slots[key % SLOTS] = keep()


def rows(chance):
    db = sqlite3.connect(":memory:")
    db.execute("create table t (a integer, b text)")
    db.executemany("insert into t values (?, ?)",
                   [(i, "row %d" % chance.randrange(1000))
                    for i in range(50)])
    found = db.execute("select b, count(*) from t group by b").fetchall()
    db.close()
    return found


def work(chance):
    text = json.dumps({"rows": rows(chance), "more": list(range(300))})
    packed = zlib.compress(text.encode())
    time.sleep(ELSEWHERE)
    remember(chance.randrange(SLOTS))
    return len(json.loads(zlib.decompress(packed))["rows"])


def fork():
    pid = os.fork()
    if pid == 0:
        kept = [keep() for _ in range(OF_A_CHILD)]
        os._exit(0 if len(kept) == OF_A_CHILD else 1)
    return os.waitpid(pid, 0)[1]


def spawn():
    return subprocess.call([sys.executable, "-S", "-c", "x = [b'y'] * 9"])


def serve(connection, number):
    with connection:
        what = connection.makefile("r").readline().strip()
        if what == "fork":
            answer = fork()
        elif what == "spawn":
            answer = spawn()
        else:
            answer = work(random.Random(number))
        connection.sendall(b"%d\n" % answer)


def main():
    warnings.simplefilter("ignore")    # of forks among threads
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(0.2)
    listener.bind(sys.argv[1])
    listener.listen(64)
    number = 0
    while not stop:
        try:
            connection, _ = listener.accept()
        except socket.timeout:
            continue
        connection.setblocking(True)
        number += 1
        threading.Thread(target=serve, args=(connection, number)).start()
    listener.close()
    while threading.active_count() > 1:
        time.sleep(0.01)
    print(json.dumps({"requests": number, "made": made, "kept": len(slots),
                      "processor": time.process_time()}))


main()
