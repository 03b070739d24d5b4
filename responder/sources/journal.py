"""journal - systemd's journal, or what some of its units say, as lines of a syslog.

The place that is kept is the cursor of the last entry handed out, and its time:
a Position whose *head* is the one and whose *offset* (microseconds) the other.  A
journal that no longer has that entry is read from the next one on, and the
status says so.

What is handed out names program, host and process as the journal does, and bears
the journal's own time.  An entry is one line, whatever is in it.  Who is not
believed is counted and left out (believed.py).

Never writes.  `poll` is called when something has come, and once
a second in any case.

Falls short: in journals received from several hosts, what arrives later than an
entry of another host that is younger may be passed over by journalctl.
"""

import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from responder.formats import uniform
from responder.formats.export import Entry, Export
from responder.sources.arrivals import Arrivals
from responder.sources.believed import Believed, Verdict
from responder.sources.chunk import Chunk
from responder.sources.journalctl import Journalctl, command, journal_problem
from responder.times import format_time
from responder.values import Position

PREFIX = "journal:"
"""What the name of a source begins with, as positions are saved under it."""
_LIVE = 10.0  # seconds; an entry that is younger when it is read was written just now
_MOST_LOSSES = 5
_MICRO = 1_000_000


class Following(NamedTuple):
    """What is followed: *wanted* units and names of *users*, in *directory*; *bare* messages or whole lines."""

    wanted: tuple[str, ...]
    users: Collection[int] = ()
    directory: str = ""
    bare: bool = False

    @property
    def name(self) -> str:
        """Return what positions are saved under, which is what the settings call the source."""
        return f"{PREFIX}{self.directory and self.directory + ':'}{','.join(self.wanted)}"


class JournalStatus(NamedTuple):
    """How the reading of a journal fares since the program started.

    *last* is the time of the last entry read, *lag* how old it was then.  *others* were entries of no interest,
    *refused* those of users who are not believed.  Each of *losses* says what may be missing and why.
    """

    running: bool
    reason: str
    entries: int
    others: int
    refused: int
    restarts: int
    last: float
    lag: float
    losses: tuple[str, ...]


class JournalSource:
    """Follows the journal; *saved* is from `positions`, and *horizon* (epoch seconds) where to begin without."""

    def __init__(self, following: Following, saved: Iterable[Position], horizon: float, arrivals: Arrivals) -> None:
        self._following = following
        self._believed = Believed(following.wanted, following.users)
        self._child = Journalctl(arrivals)
        self._export = Export()
        self._horizon = horizon
        last = max(saved, key=lambda at: at.offset, default=Position("", 0, 0, 0, b"", b""))
        self._cursor, self._time = last.head, last.offset
        self._own = last.path == following.name  # else its entry may be none that is followed now
        self._expected = b""
        self._after = 0  # entries up to this time were read, where no cursor can tell
        self._cursorless = False
        self._failures = 0
        self._losses: deque[str] = deque(maxlen=_MOST_LOSSES)
        self.entries = self.others = self.refused = 0
        self._lag = 0.0

    def poll(self, budget: int = 1 << 20, now: float | None = None) -> list[Chunk]:
        """Return what was written since, about *budget* bytes at most; nothing when there is nothing.

        *now* is any clock that never goes back; left out, it is the system's.
        """
        now = time.monotonic() if now is None else now
        if self._child.due(now):
            self._start(now)
        entries = self._export.feed(self._child.read(budget, now))
        if self._child.failures > self._failures:
            self._failures = self._child.failures
            self._cursorless = bool(self._expected) and "cursor" in self._child.why
        if not entries:
            return []
        at = time.time()
        lines = [line for entry in entries if self._is_new(entry) and (line := self._line(entry))]
        self._cursor, self._time = entries[-1].cursor, entries[-1].time
        self._cursorless, self._own = False, True
        self._lag = max(0.0, at - self._time / _MICRO)
        live = at - entries[0].time / _MICRO < _LIVE
        return [Chunk(self._following.name, b"".join(lines), live)] if lines else []

    def positions(self) -> tuple[Position, ...]:
        """Return where everything that `poll` returned so far ended."""
        return (Position(self._following.name, 0, 0, self._time, self._cursor, b""),) if self._cursor else ()

    def status(self) -> JournalStatus:
        """Return how the reading fares."""
        reason = self._child.why or journal_problem(self._following.directory)
        return JournalStatus(
            self._child.running,
            reason,
            self.entries,
            self.others,
            self.refused,
            self._child.failures,
            self._time / _MICRO,
            self._lag,
            tuple(self._losses),
        )

    def close(self) -> None:
        """End the child."""
        self._child.close()

    def _start(self, now: float) -> None:
        self._export, self._expected, self._after = Export(), b"", 0
        if self._cursor and not self._cursorless:
            begin = f"--cursor={self._cursor.decode('ascii', 'replace')}"
            self._expected = self._cursor
        elif self._cursor:
            self._after = self._time
            begin = f"--since=@{self._time // _MICRO}"
            self._lost(f"journalctl refused the cursor of {self._when()}; it was gone on from that time")
        else:
            begin = f"--since=@{max(0, int(self._horizon))}"
        self._child.start(command(self._following.wanted, self._following.directory, [begin]), now)

    def _is_new(self, entry: Entry) -> bool:
        """Tell whether *entry* was not handed out before; take note where the one before it is gone."""
        if self._expected:
            expected, self._expected = self._expected, b""
            if entry.cursor == expected:
                return False
            if self._own:
                at = format_time(entry.time / _MICRO)
                self._lost(f"the entry of {self._when()}, read last, was no longer there; it was gone on at {at}")
        return entry.time > self._after

    def _when(self) -> str:
        return format_time(self._time / _MICRO)

    def _lost(self, what: str) -> None:
        self._losses.append(what)

    def _line(self, entry: Entry) -> bytes:
        """Return *entry* as a line; nothing where it is not for us."""
        verdict = self._believed.judge(entry.unit, entry.uid, entry.identifier)
        if verdict is Verdict.OURS:
            self.entries += 1
            return as_line(entry, bare=self._following.bare)
        if verdict is Verdict.FORGED:
            self.refused += 1
        else:
            self.others += 1
        return b""


def as_line(entry: Entry, *, bare: bool = False) -> bytes:
    """Return *entry* as a line of a syslog, with its end; *bare*, it is the message alone."""
    if bare:
        return uniform.visible(entry.message) + b"\n"
    name = entry.identifier or entry.command
    return uniform.line(uniform.stamp(entry.time), entry.host, name, entry.pid, entry.message)


def earlier(following: Following, saved: Mapping[str, Sequence[Position]]) -> Sequence[Position]:
    """Return the positions among *saved* to go on from: its own, else the latest of a list that shares an entry.

    So a unit that is added to a list, or taken from it, has nothing read twice.
    """
    if own := saved.get(following.name):
        return own
    start = following.name[: len(following.name) - len(",".join(following.wanted))]
    wanted = set(following.wanted)
    kin = [at for name, at in saved.items() if name.startswith(start) and wanted & set(name[len(start) :].split(","))]
    return max(kin, key=lambda at: max((one.offset for one in at), default=0), default=())
