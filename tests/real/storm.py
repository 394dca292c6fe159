"""A handler that allocates, between any two instructions, for two seconds."""
import signal
import threading
import time

handled = 0


def in_handler(n):
    return bytearray(n)


def handler(signum, frame):
    global handled
    handled += 1
    in_handler(100000 + handled % 7)


def work(until):
    n = 0
    while time.monotonic() < until:
        for i in range(100):
            n += len(bytearray(2000 + i))
    return n


signal.signal(signal.SIGALRM, handler)
signal.signal(signal.SIGPROF, handler)
until = time.monotonic() + 2
t = threading.Thread(target=work, args=(until,))
t.start()
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
signal.setitimer(signal.ITIMER_PROF, 0.0007, 0.0007)
work(until)
signal.setitimer(signal.ITIMER_REAL, 0)
signal.setitimer(signal.ITIMER_PROF, 0)
t.join()
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGPROF, signal.SIG_IGN)
print(handled)
