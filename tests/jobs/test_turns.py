"""Turns: short work is done beside long work, and what is cancelled stops wherever it waits."""

import asyncio
import threading

import pytest

from earful.jobs.turns import Stopped, Turn, Turns


async def test_short_work_is_done_while_long_work_is_under_way() -> None:
    turns = Turns(1, slice_s=0)
    short_done = threading.Event()

    def long(turn: Turn) -> str:
        for _ in range(1_000_000):
            turn.go_on()
            if short_done.is_set():
                return "the short one came first"
        return "the short one had to wait"

    under_way = asyncio.create_task(turns.run(long))
    await asyncio.sleep(0)
    await turns.run(lambda turn: short_done.set())
    assert await under_way == "the short one came first"
    turns.close()


async def test_no_more_work_goes_on_at_a_time_than_allowed() -> None:
    turns = Turns(2, slice_s=0)
    lock = threading.Lock()
    now = most = 0

    def work(turn: Turn) -> None:
        nonlocal now, most
        for _ in range(20):
            with lock:
                now += 1
                most = max(most, now)
            with lock:
                now -= 1
            turn.go_on()

    await asyncio.gather(*(turns.run(work) for _ in range(6)))
    assert most <= 2
    turns.close()


async def test_everyone_gets_a_turn_in_order() -> None:
    turns = Turns(1, slice_s=0)
    steps: list[int] = []
    ready = threading.Event()

    def work(number: int, turn: Turn) -> None:
        ready.wait(10)
        for _ in range(3):
            steps.append(number)
            turn.go_on()

    sent = [asyncio.create_task(turns.run(lambda turn, at=at: work(at, turn))) for at in range(3)]
    while len(turns._waiting) < 2:
        await asyncio.sleep(0.001)
    ready.set()
    await asyncio.gather(*sent)
    assert [steps[at : at + 3] for at in (0, 3, 6)] == [steps[:3]] * 3
    assert sorted(steps[:3]) == [0, 1, 2]
    turns.close()


async def test_work_that_is_cancelled_stops_at_its_next_step_and_gives_its_turn_back() -> None:
    turns = Turns(1, slice_s=60)
    begun = threading.Event()
    ended: list[str] = []

    def endless(turn: Turn) -> None:
        begun.set()
        try:
            while True:
                turn.go_on()
        except Stopped:
            ended.append("stopped")
            raise

    under_way = asyncio.create_task(turns.run(endless))
    await asyncio.to_thread(begun.wait, 10)
    waits = asyncio.create_task(turns.run(lambda turn: None))
    await asyncio.sleep(0.01)
    for task in (waits, under_way):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended == ["stopped"]
    assert await turns.run(lambda turn: "free again") == "free again"
    turns.close()


async def test_work_that_fails_says_so_and_gives_its_turn_back() -> None:
    turns = Turns(1)

    def fails(turn: Turn) -> None:
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        await turns.run(fails)
    assert await turns.run(lambda turn: 1) == 1
    turns.close()
