"""Two hundred processes at once."""

import os

import tally

N = 200


def main():
    tell, told = os.pipe()
    pids = []
    for _ in range(N):
        pid = os.fork()
        if pid == 0:
            os.close(told)
            tally.spend(200)
            os.read(tell, 1)
            tally.spend(200)
            os._exit(0)
        pids.append(pid)
    os.close(told)
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0


tally.spend(200)
main()
