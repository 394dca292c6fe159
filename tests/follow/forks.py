"""Children of fork and how they end: each has a capture that tells."""

import ctypes
import os
import resource
import signal
import sys
import threading

import tally

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave():
    os._exit(3)


def exits():
    sys.exit(4)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def abort():
    os.abort()


def fault():
    ctypes.string_at(0)


def grandchild():
    if os.fork() == 0:
        tally.spend(400)
        os._exit(0)
    os.wait()
    os._exit(0)


def thread():
    t = threading.Thread(target=tally.spend, args=(400,))
    t.start()
    t.join()
    os._exit(0)


def main():
    tally.spend(400)
    for end in (leave, exits, kill, abort, fault, grandchild, thread):
        pid = os.fork()
        if pid == 0:
            tally.spend(400)
            end()
        status = os.waitpid(pid, 0)[1]
        print(pid, os.WEXITSTATUS(status) if os.WIFEXITED(status) else
              128 + os.WTERMSIG(status), flush=True)


main()
