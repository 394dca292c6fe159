"""Every way of multiprocessing and concurrent.futures to start processes."""

import concurrent.futures
import multiprocessing
import os
import sys

import tally


def work(_):
    tally.spend(400)
    return os.getpid()


def main():
    tally.spend(400)
    for method in sorted(multiprocessing.get_all_start_methods()):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            # close() and join(), so that no worker is killed in its work.
            pids = set(pool.map(work, range(4), 1))
            pool.close()
            pool.join()
        print(method, len(pids) >= 1, flush=True)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print("executor", len(set(pool.map(work, range(4)))) >= 1, flush=True)
    sys.exit(7)


if __name__ == "__main__":
    main()
