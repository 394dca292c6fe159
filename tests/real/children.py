"""Programs started in all the ways that subprocess knows."""
import os
import subprocess
import sys

kept = []


def keep(n):
    kept.append(bytearray(n))


ways = [{}, {"cwd": "/"}, {"start_new_session": True}, {"close_fds": False},
        {"shell": True}]
for i in range(50):
    keep(100000)
    r = subprocess.run("exit %d" % (i % 3) if i % 5 == 4 else
                       ["/bin/sh", "-c", "echo %d; exit %d" % (i, i % 3)],
                       stdout=subprocess.PIPE, **ways[i % 5])
    assert r.returncode == i % 3, r
    assert i % 5 == 4 or int(r.stdout) == i, r
p = subprocess.Popen([sys.executable, "-c", "print(input())"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(p.communicate(b"through pipes\n")[0])
print(os.popen("echo shell").read(), len(kept))
try:
    subprocess.run(["/nonexistent/program"])
except FileNotFoundError:
    print("not found")
