"""A parent and children that keep something: family.py [children]."""

import os
import sys
import time

kept = [bytearray(1000000)]
n = int(sys.argv[1]) if len(sys.argv) > 1 else 3
children = []
for i in range(n):
    pid = os.fork()
    if pid == 0:
        kept.append(bytearray(200000 * (i + 1)))
        while n == 3 and not os.path.exists("stop"):
            time.sleep(0.02)
        os._exit(i)
    children.append(pid)
    if n > 3:
        os.waitpid(pid, 0)
while not os.path.exists("stop"):
    time.sleep(0.02)
if n == 3:
    for pid in children:
        os.waitpid(pid, 0)
