"""Programs that are executed, one way or another.  Args: another python."""

import os
import subprocess
import sys

import tally

HERE = os.path.dirname(os.path.abspath(__file__))
TALLY = os.path.join(HERE, "tally.py")
ME = sys.executable


def spawn(*argv, env=os.environ):
    pid = os.posix_spawn(argv[0], argv, env)
    assert os.waitpid(pid, 0)[1] == 0


def child(function, *args):
    pid = os.fork()
    if pid == 0:
        try:
            function(*args)
        finally:
            os._exit(9)
    assert os.waitpid(pid, 0)[1] == 0


def main():
    tally.spend(400)
    subprocess.run([ME, TALLY], check=True)
    subprocess.run([ME, TALLY], check=True, preexec_fn=lambda: None)
    subprocess.run(["sh", "-c", f"{ME} {TALLY}; exit 0"], check=True)
    subprocess.run(["env", "-i", ME, TALLY], check=True)
    subprocess.run([ME, TALLY], check=True, env={})
    assert os.system(f"{ME} {TALLY}") == 0
    spawn(ME, TALLY)
    spawn(ME, TALLY, env={})
    child(os.execv, ME, [ME, TALLY])
    child(os.execve, ME, [ME, TALLY], {"LD_PRELOAD": ""})
    child(os.execlp, "sh", "sh", "-c", f"exec {ME} {TALLY}")
    # What is no Python leaves no trace.
    subprocess.run(["true"], check=True)
    for other in sys.argv[1:]:
        subprocess.run([other, TALLY], check=True)
    sys.stdout.flush()
    os.execv(ME, [ME, TALLY])


main()
