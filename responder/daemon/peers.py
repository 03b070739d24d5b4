"""peers - from where administrators are logged in: looked at once a minute, in a thread.

Who was seen stays protected for ten minutes after he left, so that somebody who
comes and goes does not change the allowlist each time.
"""

import queue
import threading
from collections.abc import Callable
from typing import Self

from responder.decide.allowlist import Allowed
from responder.logins import logins

_LOOK_EVERY = 60.0  # seconds
_STAYS = 600.0


class Peers:
    """Looks at *ports*; *wake* is called from the thread when there is news.  *before* is whom another one knew."""

    def __init__(self, ports: tuple[int, ...], wake: Callable[[], None], before: Self | None = None) -> None:
        """Look at once, unless another one has."""
        self._ports, self._wake = ports, wake
        self._news: queue.SimpleQueue[tuple[Allowed, ...]] = queue.SimpleQueue()
        self._looking: threading.Thread | None = None
        self._look_at = 0.0
        self.allowed: tuple[Allowed, ...] = before.allowed if before else logins(ports)
        self._news.put(self.allowed)
        self._seen: dict[Allowed, float] = {}

    def news(self, now: float) -> bool:
        """Look whether it is time to look; tell whether somebody came or went."""
        if now >= self._look_at or self._look_at - now > _LOOK_EVERY:
            self._look_at = now + _LOOK_EVERY
            if not (self._looking and self._looking.is_alive()):
                self._looking = threading.Thread(target=self._look, name="logins", daemon=True)
                self._looking.start()
        while not self._news.empty():
            self._seen.update(dict.fromkeys(self._news.get(), now))
        self._seen = {one: at for one, at in self._seen.items() if 0 <= now - at < _STAYS}
        before, self.allowed = self.allowed, tuple(self._seen)
        return set(before) != set(self.allowed)

    def _look(self) -> None:
        """Run in the thread; touches nothing but the queue."""
        found = logins(self._ports)
        self._news.put(found)
        if found:
            self._wake()
