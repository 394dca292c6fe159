"""Ways to run code in Python, each a function that goes on with another.

A kind takes the number of levels still to go, allocates, and calls step(),
which picks the next kind by chance.
"""
import contextlib
import contextvars
import functools
import operator
import random
import re
import sys

from truth_log import BLOCKS

RANDOM = random.Random(20260729)
KINDS = []


def kind(function):
    KINDS.append(function)
    return function


def block():
    """A way to allocate, and what to pass to it."""
    return RANDOM.choice(BLOCKS)


def step(levels):
    make, size = block()
    make(size)
    if levels > 0:
        RANDOM.choice(KINDS)(levels - 1)
    make(size)


@kind
def plain(levels):
    make, size = block()
    make(size)
    step(levels)
    make(size)


@kind
def recursion(levels, depth=10):
    make, size = block()
    if depth > 0:
        make(size)
        recursion(levels, depth - 1)
    else:
        step(levels)
    make(size)


def ping(levels, depth):
    return pong(levels, depth - 1) if depth else step(levels)


def pong(levels, depth):
    make, size = block()
    try:
        return ping(levels, depth)
    finally:
        make(size)


@kind
def mutual(levels):
    ping(levels, RANDOM.randint(1, 6))


# ---- Generators --------------------------------------------------------


def numbers(levels, n):
    make, size = block()
    for i in range(n):
        make(size)
        if i == 1:
            step(levels)
        yield i
        make(size)


def delegating(levels, n):
    make, size = block()
    make(size)
    result = yield from numbers(levels, n)
    make(size)
    yield from (make(size) for _ in range(2))
    return result


@kind
def generator(levels):
    make, size = block()
    for _ in numbers(levels, 3):
        make(size)


@kind
def yield_from(levels):
    make, size = block()
    for _ in delegating(levels, 3):
        make(size)


def advance(it, depth):
    if depth == 0:
        return next(it, None)
    return advance(it, depth - 1)


@kind
def resumed_elsewhere(levels):
    """A generator that is resumed from several places and depths."""
    it = delegating(levels, 4)
    next(it)
    for depth in (3, 0, 5, 1):
        advance(it, depth)
    [advance(it, 2) for _ in range(2)]
    it.close()


def patient(levels):
    make, size = block()
    while True:
        try:
            make(size)
            got = yield
            make(size)
            if got == 3:
                step(levels)
        except KeyError:
            make(size)
        finally:
            make(size)


@kind
def send_throw_close(levels):
    it = patient(levels)
    next(it)
    for i in range(5):
        it.send(i)
    it.throw(KeyError("x"))
    it.close()


@kind
def generator_expression(levels):
    make, size = block()
    sum(len(str(make(size))) for _ in range(3))
    any(step(levels) for _ in range(1))
    list(make(size)
         for _ in range(2)
         if make(size))


@kind
def comprehensions(levels):
    make, size = block()
    [make(size) for _ in range(2)]
    {i: make(size) for i in range(2)}
    {id(make(size)) for _ in range(2)}
    [[make(size) for _ in range(2)] for _ in range(2)]
    [step(levels)
     for _ in
     range(1)]
    [f() for f in [lambda: make(size)]]


# ---- Callbacks ---------------------------------------------------------


@kind
def lambdas(levels):
    make, size = block()
    (lambda: make(size))()
    (lambda x: (lambda y: make(size))(x))(1)
    (lambda n=levels: step(n))()


@kind
def callbacks(levels):
    make, size = block()
    list(map(lambda x: make(size), range(2)))
    list(filter(lambda x: make(size), range(2)))
    sorted([3, 1, 2], key=lambda x: [make(size), -x][1])
    min([3, 1], key=lambda x: [make(size), x][1])
    functools.reduce(lambda a, b: [make(size), a][1], range(3))
    re.sub("[ab]", lambda m: [make(size), "x"][1], "abc")
    next(iter(lambda: [make(size), 1][1], 2))
    list(map(step, [levels]))


@kind
def library_callbacks(levels):
    make, size = block()
    functools.partial(step, levels)()
    functools.lru_cache(maxsize=None)(lambda: make(size))()
    operator.methodcaller("__call__")(lambda: make(size))
    contextvars.copy_context().run(step, levels - 1)
    sorted([2, 1], key=functools.cmp_to_key(
        lambda a, b: [make(size), a - b][1]))


@functools.singledispatch
def dispatched(value, levels):
    make, size = block()
    make(size)


@dispatched.register(int)
def dispatched_int(value, levels):
    make, size = block()
    make(size)
    step(levels)


@kind
def single_dispatch(levels):
    dispatched("x", levels)
    dispatched(1, levels)


def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        make, size = block()
        make(size)
        result = function(*args, **kwargs)
        make(size)
        return result
    return wrapper


@kind
@twice
@twice
def decorated(levels, *args, **kwargs):
    make, size = block()
    make(size)
    step(levels)


@kind
def starred(levels):
    make, size = block()
    decorated(*[levels], *(make(size) and 1 for _ in range(2)),
              **{"a": make(size)})


@kind
def multi_line(levels):
    make, size = block()
    max(
        len(str(make(
            size))),
        len(
            str(make(size))
        ),
        step(
            levels
        ) or 0,
        key=lambda x:
            [make(size),
             x][1],
    )
    [
        make(size),

        make(size), make(
            size)
    ][
        len(str(make(size))) * 0
    ]
    result = (make(size)
              and make(size)
              or step(levels - 1))
    return result


@kind
def strings(levels):
    make, size = block()
    f"{make(size)!r:.2}{step(levels)}" f"{make(size) and 1:>{len(str(make(size))) % 5}}"
    "{0.real} {1}".format(len(str(make(size))),
                          make(size))


# ---- Exceptions, with --------------------------------------------------


def thrower(levels, depth):
    make, size = block()
    try:
        if depth == 0:
            step(levels)
            raise ValueError(make(size))
        thrower(levels, depth - 1)
    finally:
        make(size)


@kind
def exceptions(levels):
    make, size = block()
    try:
        thrower(levels, RANDOM.randint(0, 4))
    except ValueError as e:
        make(size)
        tb = e.__traceback__
        while tb is not None:
            tb.tb_lineno
            tb = tb.tb_next
        try:
            make(size)
            raise KeyError from e
        except (TypeError, KeyError):
            make(size)
    else:
        raise AssertionError
    finally:
        make(size)


@kind
def returning_finally(levels):
    make, size = block()

    def inner():
        for _ in range(2):
            try:
                make(size)
                return step(levels)
            finally:
                make(size)
    inner()


@contextlib.contextmanager
def managed(levels):
    make, size = block()
    make(size)
    try:
        yield levels
    finally:
        make(size)


class Manager:
    def __enter__(self):
        make, size = block()
        make(size)
        return self

    def __exit__(self, *details):
        make, size = block()
        make(size)
        return True


@kind
def with_statement(levels):
    make, size = block()
    with managed(levels) as n, Manager():
        make(size)
        step(n)
    with Manager():
        make(size)
        raise KeyError(make(size))


@kind
def exit_stack(levels):
    make, size = block()
    with contextlib.ExitStack() as stack:
        stack.enter_context(managed(levels))
        stack.enter_context(Manager())
        stack.callback(step, levels)
        stack.callback(lambda: make(size))


# ---- Loops -------------------------------------------------------------


@kind
def hot_loop(levels):
    """Long enough for the interpreter to specialise what is called."""
    make, size = block()
    for i in range(80):
        if i % 20 == 0:
            make(size)
        hot_leaf(i)
    while levels >= 0:
        make(size)
        levels -= 1
    else:
        make(size)


def hot_leaf(i):
    if i % 16 == 0:
        make, size = block()
        make(size)
    return i


@kind
def unpacking(levels):
    make, size = block()
    first, *rest = numbers(levels, 4)
    a, (b, c) = make(size), (make(size), step(0))
    while (n := len(str(make(size)))) and levels > 0:
        levels = 0 * n
    return first, rest, a, b, c


# ---- Tracing -----------------------------------------------------------

may_trace = True


def watcher(levels):
    """A trace or profile function that allocates now and then."""
    left = [4]

    def watch(frame, event, arg):
        if left[0] > 0 and event in ("call", "line", "return", "c_call"):
            left[0] -= 1
            make, size = block()
            make(size)
        return watch
    return watch


@kind
def traced(levels):
    if sys.gettrace() is not None or not may_trace:
        return step(levels)
    make, size = block()
    sys.settrace(watcher(levels))
    try:
        make(size)
        hot_leaf(0)
        step(min(levels, 1))
    finally:
        sys.settrace(None)
    make(size)


@kind
def profiled(levels):
    if sys.getprofile() is not None or not may_trace:
        return step(levels)
    make, size = block()
    sys.setprofile(watcher(levels))
    try:
        make(size)
        hot_leaf(0)
        step(min(levels, 1))
    finally:
        sys.setprofile(None)
    make(size)
