"""threads - calls that wait for a database or a resolver, each in a thread of its own, while Postfix is answered.

A call that fails leaves no garbage that refers to itself (garbage.py): its
exception keeps names and lines, but nothing of what was at work.
"""

import asyncio
import traceback
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(call: Callable[[], Result]) -> Result:
    """Return what *call* returns, in a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()
    Thread(target=_run, args=(call, loop, future), daemon=True).start()
    try:
        return await future
    finally:
        del future  # else a failure would hold what holds it, and so would what `_run` deletes


def _run(call: Callable[[], Result], loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Result]") -> None:
    result, error = None, None
    try:
        result = call()
    except BaseException as caught:  # noqa: BLE001 - it is raised again where it is awaited
        error = caught
        _let_go(error)
    if not loop.is_closed():
        loop.call_soon_threadsafe(_settle, future, result, error)
    del error, future


def _settle(future: "asyncio.Future[Result]", result: Result | None, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)  # type: ignore[arg-type]


def _let_go(error: BaseException) -> None:
    """Have *error*, and what it came from, hold no more of what was at work than its name and line."""
    found: BaseException | None = error
    while found:
        traceback.clear_frames(found.__traceback__)
        found = found.__cause__ or found.__context__
