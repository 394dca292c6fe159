"""What looks at a recorded service: its recorder's memory, its viewers."""

import glob
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import threading
import time


def memory(pid):
    """Private and shared resident bytes of a process."""
    with open(f"/proc/{pid}/status") as f:
        status = dict(re.findall(r"^(\w+):\s+(\d+) kB$", f.read(), re.M))
    return int(status["RssAnon"]) * 1024, int(status["RssShmem"]) * 1024


class Memory(threading.Thread):
    """Samples of the memory of a process, until stop()."""

    def __init__(self, pid, interval):
        super().__init__()
        self.pid, self.interval = pid, interval
        self.samples = []
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(self.interval):
            try:
                self.samples.append(memory(self.pid))
            except (OSError, KeyError):
                return

    def stop(self):
        self.ended.set()
        self.join()

    def highest(self, begin, end):
        """Of private memory, between two shares of the time."""
        n = len(self.samples)
        part = self.samples[int(n * begin):int(n * end)]
        return max(anon for anon, _ in part)


def summary(capture, *options):
    """The report of a capture as JSON, and what was said about it."""
    run = subprocess.run(
        ["memray-summary", "--json", *options, capture],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    report = json.loads(run.stdout) if run.stdout else None
    return run.returncode, report, run.stderr.strip()


class Viewer(threading.Thread):
    """A screen that saves a snapshot now and then, and an object each second
    from another viewer; both through the command that memray-run names."""

    def __init__(self, command, interval):
        super().__init__()
        self.command, self.interval = shlex.split(command), interval
        self.saved, self.trouble = 0, []
        self.objects = open("objects", "w+")
        self.json = subprocess.Popen([*self.command, "--json"],
                                     stdout=self.objects)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(self.command[0], self.command)
        self.start()

    def run(self):
        last = time.monotonic()
        while True:
            try:
                if not os.read(self.terminal, 65536):
                    return
            except OSError:
                return
            if time.monotonic() - last > self.interval:
                last = time.monotonic()
                os.write(self.terminal, b"s")
                self.look()

    def look(self):
        """All snapshots but the newest, which may be half written."""
        names = sorted(glob.glob("memray-live.*.bin"), key=os.path.getmtime)
        for name in names[:-1]:
            status, report, said = summary(name)
            if status != 0 or not report["rows"]:
                self.trouble.append(f"snapshot {name}: {status} {said}")
            self.saved += 1
            os.unlink(name)

    def stop(self):
        """The program has ended, and so do the viewers."""
        try:
            os.write(self.terminal, b"q")
        except OSError:
            pass
        self.join(60)
        if self.is_alive():
            self.trouble.append("memray-live did not end when told to")
            os.kill(self.pid, signal.SIGKILL)
            self.join()
        os.waitpid(self.pid, 0)
        if self.json.wait() != 0:
            self.trouble.append(f"memray-live --json: {self.json.wait()}")
        self.look()
        self.objects.seek(0)
        self.seen = sum(json.loads(line) is not None for line in self.objects)
