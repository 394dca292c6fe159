"""To the end of the stack, of Python's and of C's, allocating there."""
import sys
import threading

kept = []
bottom = []


def python_recursion(depth):
    if depth == 0:
        bottom.append(bytearray(1000000))
        return 0
    return 1 + python_recursion(depth - 1)


class Leaf:
    def allocate(self):
        kept.append(bytearray(10000))
        return True

    def __eq__(self, other):
        return self.allocate()

    def __repr__(self):
        return "leaf" * self.allocate()


def nested(depth):
    x = [Leaf()]
    for _ in range(depth):
        x = [x]
    return x


def outcomes(function, depths):
    """Python runs at the end of a recursion in C of every depth."""
    done = failed = 0
    for depth in depths:
        # Older interpreters have no limit of their own but this one.
        if depth > 5000 and sys.version_info < (3, 12):
            break
        try:
            function(depth)
            done += 1
        except RecursionError:
            failed += 1
    return done > 0, failed > 0


def c_recursion():
    some = list(range(100, 1000, 100)) + list(range(1000, 6000, 1000))
    more = [20000, 40000, 60000, 100000, 200000]
    return (outcomes(lambda depth: repr(nested(depth)), some),
            outcomes(lambda depth: nested(depth) == nested(depth),
                     some + more))


def to_the_end(depth):
    kept.append(bytes(600))
    return to_the_end(depth + 1)


def run():
    try:
        to_the_end(0)
    except RecursionError:
        print("end", len(kept) > 100)
    kept.clear()
    print(c_recursion())


sys.setrecursionlimit(11000)
threading.stack_size(64 << 20)
t = threading.Thread(target=lambda: print(python_recursion(10000)))
t.start()
t.join()
sys.setrecursionlimit(1000)
run()
# Only later interpreters look at how large the stack is.
threading.stack_size((1 if sys.version_info >= (3, 14) else 16) << 20)
t = threading.Thread(target=run)
t.start()
t.join()
