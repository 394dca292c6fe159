"""What a program sees of its own process, and a child of it."""
import os
import subprocess
import sys

for name in sorted(os.environ):
    # The test's own shell changes these between two runs.
    if name not in ("_", "PPID", "OLDPWD"):
        print(name, os.environ[name])
print(sys.argv, sys.flags, sys.executable)
for fd in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        print(fd, os.readlink("/proc/self/fd/" + fd).split(":")[0])
    except FileNotFoundError:
        print(fd, "the directory itself")
a, b = os.pipe()
print(a, b)
sys.stdout.flush()
# Neither exec nor fork and exec nor a shell hands us on.
look = "import os; print([v for v in os.environ if 'MEMTRACE' in v], " \
    "'agent.so' in open('/proc/self/maps').read())"
for options in ({}, {"cwd": "/"}, {"start_new_session": True},
                {"preexec_fn": os.getpid}):
    subprocess.run([sys.executable, "-c", look], check=True, **options)
os.system("grep -c agent.so /proc/self/maps")
