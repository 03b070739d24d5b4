"""The keeper brings counts and database into agreement, round by round, whatever the judge forgets meanwhile."""

import asyncio
import contextlib
import threading

import pytest

from responder.errors import StoreError
from responder.quota.counters import Counters
from responder.quota.keeper import Keeper
from responder.quota.threads import in_thread
from tests.quota.values import NOON, a_judge, a_quota, a_request, said, used


def test_one_that_was_forgotten_and_came_again_is_written_once(database_url: str) -> None:
    """A store that holds more than the memory does: who is pushed out and comes back begins anew."""
    judge = a_judge(a_quota("sender", "9 messages per 1d"), most=2)
    keeper = Keeper(judge, lambda: Counters.open(database_url, "mx1", 1000), lambda: NOON)
    for sender in "aabcb":
        said(judge, a_request(sender=f"{sender}@x.example"))
    asyncio.run(keeper.round())
    keeper.close()

    reader = Counters.open(database_url, "mx1", 1000)
    stored = {row.key: row.state[0][2][1] for row in reader.rows(NOON)}
    assert stored == {"a@x.example": 2, "b@x.example": 1, "c@x.example": 1}
    reader.close()


def test_what_was_counted_before_the_database_answered_is_added(database_url: str) -> None:
    """A restart while it is away: memory and what is stored come together, and are stored together."""
    quota = a_quota("sender-domain", "9 messages per 1d", suspend={"after": 3, "within": "1h"})
    totals: list[list[int]] = []
    for _ in range(2):
        judge = a_judge(quota)
        said(judge, a_request())
        said(judge, a_request())
        keeper = Keeper(judge, lambda: Counters.open(database_url, "mx1", 1000), lambda: NOON)
        assert not keeper.loaded
        asyncio.run(keeper.round())
        assert keeper.loaded
        keeper.close()
        totals.append(used(judge, "shop.example"))
    reader = Counters.open(database_url, "mx1", 1000)

    assert totals == [[2], [4]]
    assert [row.state[0][2][1] for row in reader.rows(NOON)] == [4]
    reader.close()


def test_refusals_count_on_after_a_restart(database_url: str) -> None:
    """What was refused before still counts towards suspension."""
    quota = a_quota("sender-domain", "1 message per 1d", suspend={"after": 4, "within": "1h"})
    decided = []
    for attempt in range(2):
        judge = a_judge(quota)
        keeper = Keeper(judge, lambda: Counters.open(database_url, "mx1", 1000), lambda: NOON)
        asyncio.run(keeper.round())
        for number in range(3):
            said(judge, a_request(recipient=f"{attempt}{number}@else.test"))
        decided.append(len(judge.decided))
        asyncio.run(keeper.round())
        keeper.close()

    assert decided == [0, 1]


def test_rounds_take_turns(database_url: str) -> None:
    """A slow first one and an impatient second read what was stored once, not twice."""
    first = a_judge()
    said(first, a_request())
    keeper = Keeper(first, lambda: Counters.open(database_url, "mx1", 1000), lambda: NOON)
    asyncio.run(keeper.round())
    keeper.close()
    judge = a_judge()
    keeper = Keeper(judge, lambda: Counters.open(database_url, "mx1", 1000), lambda: NOON)

    async def both() -> None:
        await asyncio.gather(keeper.round(), keeper.round())

    asyncio.run(both())
    keeper.close()

    assert used(judge, "shop.example") == [1]


@pytest.mark.parametrize("fails", [False, True])
def test_who_waits_for_a_thread_no_more_is_not_told(fails: bool) -> None:
    """What it says after all harms nobody."""
    may_go, complaints = threading.Event(), []

    def slow() -> None:
        may_go.wait()
        if fails:
            raise StoreError("late")

    async def impatient() -> None:
        loop, before = asyncio.get_running_loop(), threading.enumerate()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        waiting = asyncio.create_task(in_thread(slow))
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        may_go.set()
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and thread not in before:
                thread.join()
        await asyncio.sleep(0)

    asyncio.run(impatient())

    assert complaints == []
