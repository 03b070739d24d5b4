"""signals - what the process is told by signals, for the loop to do at its next turn.

    SIGTERM, SIGINT   stop
    SIGHUP            reload

Each wakes the loop: `wake` is safe from a signal handler and from any thread.
"""

import os
import selectors
import signal
from types import FrameType, TracebackType
from typing import Self

_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """Wakes the loop that waits with *selector*; signals are heard within a ``with``."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.stopping = self.reloading = False
        self._woken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        selector.register(self._woken, selectors.EVENT_READ, lambda _: os.eventfd_read(self._woken))

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._signalled) for number in _HEARD}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wake(self) -> None:
        """Make the loop take another turn."""
        os.eventfd_write(self._woken, 1)

    def close(self) -> None:
        """Close what the loop is woken by."""
        os.close(self._woken)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self.stopping = self.stopping or number != signal.SIGHUP
        self.reloading = self.reloading or number == signal.SIGHUP
        self.wake()
