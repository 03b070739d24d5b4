"""courier - brings notices to one who is told, from a thread of its own.

What waits is bounded: the oldest goes when there are too many, and is counted.  A
notice that cannot be brought is tried again a few times, later each time, and then
given up.  Whoever posts never waits: the thread holds its lock only to take one out.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from responder.notices.notice import Notice, SendError

MOST = 500
DELAYS = (2.0, 10.0, 60.0, 300.0, 900.0)
_LAST_WORDS = 2.0  # seconds that `close` gives what still waits
_log = logging.getLogger("responder")


class Courier:
    """Brings notices to *name* with *send*, which raises SendError; *delays* are seconds between attempts."""

    def __init__(
        self, name: str, send: Callable[[Notice], None], delays: Sequence[float] = DELAYS, most: int = MOST
    ) -> None:
        self.name = name
        self.sent = self.failed = self.dropped = 0
        self._send, self._delays, self._most = send, delays, most
        self._waiting: deque[Notice] = deque()
        self._news = threading.Condition()
        self._closed = threading.Event()
        self._ailing = ""
        self._thread = threading.Thread(target=self._work, name=f"notify {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Return how many have not been brought yet."""
        return len(self._waiting)

    def post(self, notice: Notice) -> None:
        """Have *notice* brought when its turn comes."""
        with self._news:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(notice)
            self._news.notify()

    def close(self) -> None:
        """Bring what can be brought in a moment, and stop."""
        with self._news:
            self._closed.set()
            self._news.notify()
        self._thread.join(_LAST_WORDS)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closed.is_set())
                if not self._waiting:
                    return
                notice = self._waiting.popleft()
            self._bring(notice)

    def _bring(self, notice: Notice) -> None:
        for delay in (*self._delays, None):
            try:
                self._send(notice)
            except SendError as error:
                self._tell(str(error))
                if not error.again or delay is None or self._closed.wait(delay):
                    break
            else:
                self.sent += 1
                self._tell("")
                return
        self.failed += 1

    def _tell(self, ailing: str) -> None:
        """Say what keeps notices from being brought, once, and that they are again."""
        if ailing and not self._ailing:
            _log.warning("notify %s: %s", self.name, ailing)
        elif self._ailing and not ailing:
            _log.warning("notify %s: works again", self.name)
        self._ailing = ailing
