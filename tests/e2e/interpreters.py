"""Interpreters besides the first: in its thread, in one of their own, and
several in turns."""

import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        sys.exit(77)

SOURCE = """
def allocate():
    return bytearray(%d)

def %s():
    return allocate()

x = %s()
"""

run = getattr(interpreters, "exec", None) or interpreters.run_string
kept = []


def inside(name, size):
    i = interpreters.create()
    assert not run(i, SOURCE % (size, name, name))
    kept.append(bytearray(1000000))
    return i


def own_thread():
    interpreters.destroy(inside("own_thread", 12000000))


def main():
    created = [inside("first", 3000000), inside("second", 5000000)]
    for name in "third", "fourth":
        for i, size in zip(created, (3000000, 5000000)):
            run(i, SOURCE % (size, name, name))
    created.append(inside("same_thread", 11000000))
    t = threading.Thread(target=own_thread)
    t.start()
    t.join()
    for i in created:
        interpreters.destroy(i)


main()
