from __future__ import annotations

import asyncio

import pytest

from earful.live.buffer import BoundedBuffer, TooSlow


async def read(buffer: BoundedBuffer[int]) -> list[int]:
    found = []
    while (item := await buffer.get()) is not None:
        found.append(item)
    return found


async def test_items_come_out_in_order_and_then_the_end() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(8)
    for item in (1, 2, 3):
        buffer.put(item)
    buffer.end()
    assert await read(buffer) == [1, 2, 3]


async def test_a_reader_waits_for_what_comes_later() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(8)
    reader = asyncio.create_task(read(buffer))
    await asyncio.sleep(0)
    buffer.put(7)
    await asyncio.sleep(0)
    buffer.end()
    assert await reader == [7]


async def test_droppable_items_are_left_out_once_the_buffer_is_half_full() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(4)
    for item in (1, 2, 3, 4):
        buffer.put(item, droppable=True)
    buffer.put(5)
    buffer.end()
    assert await read(buffer) == [1, 2, 5]


async def test_a_reader_for_whom_the_buffer_overflows_is_cut_off_and_the_rest_is_freed() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(4)
    for item in range(100):
        buffer.put(item)
    assert buffer.overflown
    assert len(buffer) == 0
    with pytest.raises(TooSlow):
        await buffer.get()


async def test_nothing_is_taken_after_the_end() -> None:
    buffer: BoundedBuffer[int] = BoundedBuffer(4)
    buffer.end()
    buffer.put(1)
    assert await buffer.get() is None
