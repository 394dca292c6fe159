"""Coroutines, with and without a loop, and greenlets where there are any."""
import asyncio

from truth_kinds import block, kind, step

try:
    import greenlet
except ImportError:
    greenlet = None


class Ready:
    def __init__(self, levels):
        self.levels = levels

    def __await__(self):
        make, size = block()
        make(size)
        yield
        make(size)
        step(self.levels)
        return 1


async def awaiting(levels, depth):
    make, size = block()
    make(size)
    if depth == 0:
        await Ready(levels)
    else:
        await awaiting(levels, depth - 1)
    make(size)
    return depth


async def producing(levels):
    make, size = block()
    try:
        for i in range(3):
            make(size)
            yield i
            await Ready(levels if i == 1 else 0)
    finally:
        make(size)


class Manager:
    async def __aenter__(self):
        make, size = block()
        await Ready(0)
        make(size)

    async def __aexit__(self, *details):
        make, size = block()
        make(size)
        await Ready(0)


async def consuming(levels):
    make, size = block()
    async with Manager():
        async for _ in producing(levels):
            make(size)
        [make(size) async for _ in producing(0)]
        return [await awaiting(0, 1) for _ in range(2)]


@kind
def driven(levels):
    """Coroutines resumed by hand."""
    make, size = block()
    for coroutine in (awaiting(levels, 4), consuming(levels)):
        try:
            while True:
                coroutine.send(None)
                make(size)
        except StopIteration:
            make(size)


async def sleeper(levels):
    make, size = block()
    make(size)
    await asyncio.sleep(0)
    make(size)
    step(levels)


async def program(levels):
    make, size = block()
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(lambda: [make(size), future.set_result(1)])
    await asyncio.gather(sleeper(levels), sleeper(0), sleeper(0))
    task = asyncio.ensure_future(sleeper(0))
    await future
    await task
    make(size)
    await consuming(0)
    await asyncio.wait_for(sleeper(0), 60)


@kind
def looped(levels):
    if asyncio._get_running_loop() is not None:
        return step(levels)
    asyncio.run(program(levels))


def green(levels, parent):
    make, size = block()
    make(size)
    parent.switch()
    make(size)
    step(levels)
    deeper(3, parent)
    make(size)


def deeper(depth, parent):
    make, size = block()
    if depth == 0:
        make(size)
        parent.switch()
        make(size)
    else:
        deeper(depth - 1, parent)


@kind
def greenlets(levels):
    if greenlet is None:
        return step(levels)
    make, size = block()
    parent = greenlet.getcurrent()
    crowd = [greenlet.greenlet(green) for _ in range(3)]
    for g in crowd:
        g.switch(0, parent)
        make(size)
    for _ in range(2):
        for g in crowd:
            g.switch()
            make(size)
    assert all(g.dead for g in crowd)
