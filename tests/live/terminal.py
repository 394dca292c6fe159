"""Run a command on a terminal of its own: terminal.py command [argument ...]

What comes out goes to standard output; a file "keys", when there is one, is
typed in.  Ends as the command does, with 128 more than the signal.
"""

import os
import pty
import select
import signal
import sys

pid, fd = pty.fork()
if pid == 0:
    # A shell has them ignored by what it starts in the background.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([fd], [], [], 0.05)
    if os.path.exists("keys"):
        with open("keys", "rb") as f:
            os.write(fd, f.read())
        os.unlink("keys")
    if not ready:
        continue
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status)
         else 128 + os.WTERMSIG(status))
