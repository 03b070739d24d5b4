"""wait - until something is so, with a deadline and no guess at how long it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(ask: Callable[[], Found], within: float = 10.0, what: str = "", every: float = 0.01) -> Found:
    """Return the first true answer of *ask*, asked again and again for *within* seconds.

    Raises TimeoutError, naming *what*, if none was true by then.
    """
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:g} s: {what or ask}")
        time.sleep(every)
