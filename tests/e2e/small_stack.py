# Threads with small stacks that start programs with an environment which is
# larger than these: how the programs ended.

import os
import subprocess
import sys
import threading

child = [sys.executable, "-c", "kept = bytearray(5_000_000)"]
env = dict(os.environ, **{"V%d" % i: "x" for i in range(60000)})


def spawn():
    pid = os.posix_spawn(child[0], child, env)
    print("spawn", os.waitpid(pid, 0)[1])


def popen():
    # A child of vfork(2) on some versions, which leaves its copy to us.
    print("popen", subprocess.call(child, env=env, cwd="/"))
    print("popen", subprocess.call(child, env=env, cwd="/"))


def missing():
    try:
        os.posix_spawn("/nonexistent", child, env)
    except OSError as error:
        print("missing", error.errno)


def set_stack(size):
    """Debug builds of 3.14 and later want more than others."""
    try:
        threading.stack_size(size)
    except ValueError:
        threading.stack_size(2 * size)


for size, run in (65536, spawn), (262144, popen), (65536, missing):
    set_stack(size)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
