"""Blocks allocated by coroutines, as tasks and awaited directly."""

import asyncio


async def load():
    await asyncio.sleep(0)
    return bytearray(10000000)  # LOAD


async def inner():
    await asyncio.sleep(0)
    return bytearray(20000000)  # INNER


async def direct():
    return await inner()


async def main():
    blocks = await asyncio.gather(*[load() for _ in range(4)])
    blocks.append(await direct())
    return blocks


blocks = asyncio.run(main())
