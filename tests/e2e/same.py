"""Print what a program can see of its process and its interpreter."""

import os
import resource
import signal
import subprocess
import sys
import threading


def environment():
    return sorted(item for item in os.environ.items() if item[0] != "_")


def handlers():
    return [(int(s), str(signal.getsignal(s))) for s in signal.valid_signals()]


def descriptors():
    # Not listdir(), whose own descriptor would be there too.
    return [fd for fd in range(256) if os.path.exists("/proc/self/fd/%d" % fd)]


print("arguments", sys.argv, sys.executable, sys.prefix, sys.path, sys.flags)
print("environment", environment())
print("handlers", handlers())
print("blocked", signal.pthread_sigmask(signal.SIG_BLOCK, []))
print("descriptors", descriptors())
print("tracing", sys.gettrace(), sys.getprofile())
print("threads", threading.active_count(), len(os.listdir("/proc/self/task")))
print("directory", os.getcwd(), os.umask(0o22))
print("limits", [resource.getrlimit(getattr(resource, name))
                 for name in dir(resource) if name.startswith("RLIMIT_")])
# The end of the script is learnt from an atexit callback.
print("modules", sorted(set(sys.modules) - {"atexit"}))
sys.stdout.flush()
# What a child sees, which is not a program that we record.
subprocess.run([sys.executable, "-c",
                "import os; print(sorted(os.environ)); "
                "print(sorted(os.listdir('/proc/self/fd')))"], check=True)
subprocess.run(["sh", "-c", "ls /proc/self/fd"], check=True)
