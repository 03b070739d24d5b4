"""journalreader - follows a journal for the tests of this room, and keeps what came."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from responder.sources import Arrivals, Following, JournalSource, Position
from responder.sources.journal import JournalStatus
from tests.lab.wait import until


class Reader:
    """Follows *wanted* in the journal in *folder*, by a clock that is turned by hand; use it in a ``with``."""

    def __init__(
        self,
        folder: Path,
        *wanted: str,
        saved: tuple[Position, ...] = (),
        horizon: float = 0.0,
        users: tuple[int, ...] = (),
    ) -> None:
        self.arrivals = Arrivals()
        self.following = Following(wanted or ("ssh.service",), users, str(folder))
        self.source = JournalSource(self.following, saved, horizon, self.arrivals)
        self.now = 0.0
        self.lines: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.source.close()
        self.arrivals.close()

    @property
    def status(self) -> JournalStatus:
        """Return how it fares."""
        return self.source.status()

    @property
    def messages(self) -> list[str]:
        """Return what came, without what stands before the message."""
        return [line.partition(b": ")[2].decode() for line in self.lines]

    def poll(self, budget: int = 1 << 20) -> bool:
        """Read what has come; tell whether anything ever has."""
        for chunk in self.source.poll(budget, self.now):
            self.lines += chunk.data.splitlines()
        return bool(self.lines)

    def until(self, so: Callable[[], object]) -> None:
        """Read until *so* is true."""
        until(lambda: (self.poll(), so())[1], within=60, what=f"the journal to be read: {self.status}", every=0.001)

    def has(self, count: int) -> bool:
        """Tell whether so many lines have come."""
        return len(self.lines) >= count

    def reads(self, *messages: str) -> None:
        """Read until so many *messages* have come, and see that it is these."""
        self.until(lambda: self.has(len(messages)))
        assert self.messages == list(messages)

    def fails(self) -> None:
        """Read until journalctl has failed once more."""
        restarts = self.status.restarts
        self.until(lambda: self.status.restarts > restarts)
