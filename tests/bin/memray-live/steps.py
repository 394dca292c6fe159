"""Memory in steps: each waits for a file of its name.

What a function keeps itself makes the order of its rows certain.

usage: steps.py [thread] [fork] [names] [noise] [gone] [status=N] [signal=N]
"""
import os
import sys
import threading
import time

kept = [bytearray(50_000)]


def step(name):
    """Say where we are, and wait until we may go on."""
    open("at-" + name, "w").close()
    while not os.path.exists("go-" + name):
        time.sleep(0.02)


def keep(size):
    kept.append(bytearray(size))


def first():
    keep(5_000_000)


def second():
    keep(3_000_000)


def third():
    keep(2_000_000)


def work():
    kept.append(bytearray(20_000))
    third()
    step("work")


def names():
    """A function and a file that would move the cursor."""
    code = "def run(size): kept.append(bytearray(size))"
    space = {"kept": kept}
    exec(compile(code, "evil\033[2J\n\u202e.py", "exec"), space)
    space["run"](1_000_000)


def noise():
    """More than a pipe holds, and what a terminal would obey."""
    for i in range(5000):
        print("line %d of the standard output, quite a long one" % i)
        print("line %d of the standard error, quite a long one" % i,
              file=sys.stderr)
    print("10%\r20%\r\033[31mred\033[0m \033[2Jdone\a", flush=True)


def value(name):
    for arg in sys.argv[1:]:
        if arg.startswith(name + "="):
            return int(arg.split("=")[1])
    return 0


def main():
    kept.append(bytearray(100_000))
    first()
    if "thread" in sys.argv:
        threading.Thread(target=work, name="worker").start()
    if "fork" in sys.argv and os.fork() == 0:
        third()
        step("child")
        os._exit(5)
    if "names" in sys.argv:
        names()
    if "noise" in sys.argv:
        noise()
    step("one")
    kept.append(bytearray(10_000))
    second()
    step("two")
    if "gone" in sys.argv:
        kept.clear()
    if value("signal"):
        os.kill(os.getpid(), value("signal"))
    sys.exit(value("status"))


main()
