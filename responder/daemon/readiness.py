"""readiness - what the service manager is told while the daemon works, and when.

Ready is who has every ban of the store in the kernel.  Where the firewall has
said why that cannot be, the daemon is ready too, for it detects and records, and
other services must not wait for ever; then the status says so.

A sign of life is given by the loop itself, once a turn at most and at least twice
in the time that the service manager allows.  A loop that hangs gives none.
"""

from collections.abc import Callable

from responder.notify import Notify, Pulse


class Readiness:
    """Speaks to *notify*."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._pulse = Pulse(notify)
        self._ready = False
        self._told = ""

    @property
    def pause(self) -> float:
        """Return the longest that the loop may wait before its next turn, in seconds."""
        return self._pulse.pause

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
        self._pulse.beat()

    def reloading(self) -> None:
        """Tell that settings are being read; the next `tend` tells when that is over."""
        self._ready = not self._notify.reloading() and self._ready

    def stopping(self) -> None:
        """Tell that we are about to end."""
        self._notify.stopping()
