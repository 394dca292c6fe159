"""Scenarios with signals: each runs memray-run and checks what becomes of it.

usage: signals.py scenario
"""

import os
import signal
import subprocess
import sys

READY = "print('ready', os.getpid(), flush=True)\n"
HEAD = "import os, signal, sys, time\n"
COUNT = HEAD + """
got = []
def handler(number, frame):
    got.append(number)
    print(signal.Signals(number).name, flush=True)
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, handler)
def last(number, frame):
    print(len(got))
    sys.exit(5)
signal.signal(signal.SIGTERM, last)
""" + READY


class Run:
    """A program under memray-run, in a process group of its own."""

    def __init__(self, code, prepare=lambda: None):
        def before_exec():
            os.setpgid(0, 0)
            prepare()

        self.process = subprocess.Popen(
            ["memray-run", "-q", "-o", "a.bin", "-f", "-c", code],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=before_exec)
        self.pid = self.process.pid
        first = self.first_line().split()
        assert first[0] == "ready", first
        self.program = int(first[1])

    def first_line(self):
        """Without reading ahead: the rest is for communicate()."""
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self.process.stdout.fileno(), 1)
            assert byte, line
            line += byte
        return line.decode()

    def kill(self, number):
        os.kill(self.pid, number)

    def kill_group(self, number):
        os.killpg(self.pid, number)

    def wait_stopped(self):
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status

    def end(self):
        self.out, self.err = self.process.communicate()
        return self.process.returncode


def state(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0]


def equal(a, b):
    assert a == b, (a, b)


def same_death():
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        code = HEAD + READY + f"os.kill(os.getpid(), {int(number)})"
        equal(Run(code).end(), -number)


def forwarded():
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1,
                   signal.SIGUSR2, signal.SIGALRM):
        code = HEAD + f"""
def handler(number, frame):
    sys.exit(9)
signal.signal({int(number)}, handler)
""" + READY + "while True: signal.pause()"
        run = Run(code)
        run.kill(number)
        equal(run.end(), 9)


def forwarded_default():
    run = Run(HEAD + READY + "while True: signal.pause()")
    run.kill(signal.SIGTERM)
    equal(run.end(), -signal.SIGTERM)


def interrupt():
    run = Run(HEAD + READY + "while True: signal.pause()")
    run.kill_group(signal.SIGINT)
    equal(run.end(), -signal.SIGINT)
    equal(run.err.count("\nKeyboardInterrupt"), 1)


def interrupt_once():
    run = Run(COUNT + "while True: signal.pause()")
    run.kill_group(signal.SIGINT)
    equal(run.process.stdout.readline(), "SIGINT\n")
    run.kill(signal.SIGTERM)
    equal(run.end(), 5)
    equal(run.out, "1\n")


def own_group():
    """What the program sends to its group reaches it once."""
    run = Run(COUNT + """
os.killpg(0, signal.SIGUSR1)
time.sleep(0.5)
""")
    equal(run.end(), 0)
    equal(run.out, "SIGUSR1\n")


def stop():
    run = Run(COUNT + "while True: signal.pause()")
    run.kill_group(signal.SIGTSTP)
    run.wait_stopped()
    equal(state(run.program), "T")
    run.kill_group(signal.SIGCONT)
    run.kill(signal.SIGTERM)
    equal(run.end(), 5)


def continued():
    """Whoever continues memray-run alone continues the program."""
    run = Run(COUNT + "while True: signal.pause()")
    os.kill(run.program, signal.SIGTSTP)
    run.wait_stopped()
    run.kill(signal.SIGCONT)
    run.kill(signal.SIGTERM)
    equal(run.end(), 5)


def stopped_alone():
    """A throttled program is served by a memray-run that goes on."""
    run = Run(HEAD + READY + """
os.kill(os.getpid(), signal.SIGSTOP)
x = [bytearray(700) for _ in range(300000)]
sys.exit(6)
""")
    while state(run.program) != "T":
        pass
    os.kill(run.program, signal.SIGCONT)
    equal(run.end(), 6)


def inherited():
    """Mask and dispositions of the program are as without memray-run."""
    code = """
print("ready 0")
for line in open("/proc/self/status"):
    if line.startswith(("SigBlk", "SigIgn", "SigCgt")):
        print(line, end="")
"""

    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK,
                               {signal.SIGUSR2, signal.SIGTERM})
        for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    plain = subprocess.run(["python3", "-c", code], text=True, check=True,
                           stdout=subprocess.PIPE, preexec_fn=prepare)
    run = Run(code, prepare)
    equal(run.end(), 0)
    equal("ready 0\n" + run.out, plain.stdout)
    run = Run("print('ready 0')\nimport sys; sys.exit(3)", prepare)
    equal(run.end(), 3)


FIRST = HEAD + """
def handler(number, frame):
    sys.exit(5)
signal.signal(signal.SIGINT, handler)
tell, told = os.pipe(), os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.write(told[1], b"%d" % os.getpid())
        os.read(tell[0], 1)
    os._exit(0)
os.wait()
orphan = int(os.read(told[0], 10))
os.write(tell[1], b"x")
for _ in range(600):
    if not os.path.exists("/proc/%d" % orphan):
        break
    time.sleep(0.1)
else:
    sys.exit("the orphan was not reaped")
print(os.getppid(), flush=True)
while True: signal.pause()
"""


def first_process():
    """As the first process of a container: reap, and pass SIGINT on."""
    unshare = subprocess.Popen(
        ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child",
         "memray-run", "-q", "-o", "a.bin", "-c", FIRST],
        stdout=subprocess.PIPE, text=True)
    equal(unshare.stdout.readline(), "1\n")
    with open(f"/proc/{unshare.pid}/task/{unshare.pid}/children") as f:
        os.kill(int(f.read()), signal.SIGINT)
    unshare.communicate()
    equal(unshare.returncode, 5)


globals()[sys.argv[1]]()
