"""arrivals - one descriptor that becomes readable when something new has come at any of many.

For the daemon's loop, which must be woken when a pipe or a socket has something
and must not be woken again and again by what it cannot take yet: what lies there
is told once (epoll, edge-triggered), and again only when more has come or `again` asks for it.
"""

import contextlib
import select


class Arrivals:
    """Watches descriptors until they are closed."""

    def __init__(self) -> None:
        self._epoll = select.epoll()

    def add(self, descriptor: int) -> None:
        """Watch *descriptor*; closing it ends that."""
        self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)

    def again(self, descriptor: int) -> None:
        """Tell of *descriptor* once more, if there is still something."""
        self._epoll.modify(descriptor, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)

    def fileno(self) -> int:
        """Return what a selector watches."""
        return self._epoll.fileno()

    def drain(self) -> bool:
        """Take note of all that has come; tell whether something had."""
        return bool(self._epoll.poll(0))

    def close(self) -> None:
        """Stop watching."""
        with contextlib.suppress(OSError):
            self._epoll.close()
