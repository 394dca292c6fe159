"""Run memray-run with a viewer: watched.py memray-run argument ...

The viewer takes two updates a second and does nothing with them.  Ends as
memray-run does.
"""

import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "live"))

from feed import Feed	# noqa: E402


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def attach(run, port):
    while run.poll() is None:
        try:
            return Feed(port, 500)
        except OSError:
            time.sleep(0.01)


def main():
    port = free_port()
    run = subprocess.Popen([sys.argv[1], "-p", str(port)] + sys.argv[2:])
    feed = attach(run, port)
    while feed and feed.sock.recv(1 << 20):
        pass
    sys.exit(run.wait())


if __name__ == "__main__":
    main()
