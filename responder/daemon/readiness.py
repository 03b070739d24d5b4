"""readiness - what the service manager is told while the daemon works, and when.

Ready is who has every ban of the store in the kernel.  Where the firewall has
said why that cannot be, the daemon is ready too, for it detects and records, and
other services must not wait for ever; then the status says so.

A sign of life is given by the loop itself, once a turn at most and at least twice
in the time that the service manager allows.  A loop that hangs gives none.
"""

import time
from collections.abc import Callable
from math import inf

from responder.notify import Notify


class Readiness:
    """Speaks to *notify*."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._every = notify.patience / 3 or inf
        self._alive_at = 0.0
        self._ready = False
        self._told = ""

    @property
    def pause(self) -> float:
        """Return the longest that the loop may wait before its next turn, in seconds."""
        return max(0.0, self._alive_at + self._every - time.monotonic())

    def tend(self, settled: bool, fares: Callable[[], str]) -> None:
        """Tell what there is to tell; *settled* is whether the kernel has every ban, or has said why not."""
        if not self._notify.listening:
            return
        status = fares()
        if not self._ready:
            self._ready = settled and self._notify.ready(status)
            self._told = status
        elif status != self._told and self._notify.status(status):
            self._told = status
        now = time.monotonic()
        if now >= self._alive_at + self._every:
            self._alive_at = now
            self._notify.alive()

    def reloading(self) -> None:
        """Tell that settings are being read; the next `tend` tells when that is over."""
        self._ready = not self._notify.reloading() and self._ready

    def stopping(self) -> None:
        """Tell that we are about to end."""
        self._notify.stopping()
