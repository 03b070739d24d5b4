"""logs - the sources, each with the clock its lines show: files, the journal, sockets.

Turns the chunks that the sources have into offences, and counts what is odd
about their time stamps: one more than `TOLERANCE` ahead of the clock is taken
to be now (or it would empty windows), one as far behind on a line that was just
written is believed, because a relay may have held it back.  Both are counted:
a wrong time zone must show.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from responder.detect.detector import Detector
from responder.detect.trails import Trails
from responder.formats import alerts, jsonline
from responder.formats.lines import HEADERS
from responder.formats.stamps import Stamps
from responder.settings.endpoint import Endpoint
from responder.settings.source import SourceSettings
from responder.sources import (
    Arrivals,
    Chunk,
    FileSource,
    Following,
    JournalSource,
    Listening,
    Receiver,
    Status,
    count_lines,
    earlier,
    last_line_end,
    lookback,
)
from responder.values import Offence, Position

TOLERANCE = 60.0  # seconds
_BUDGET = 1 << 20  # bytes of one source in one turn; larger pieces take more memory and save nothing


class Found(NamedTuple):
    """Offences of one chunk of *source*; *live* when its lines were written just now."""

    source: str
    offences: list[Offence]
    live: bool


class Log:
    """One source of the settings, and what became of its lines."""

    def __init__(
        self,
        settings: SourceSettings,
        saved: Mapping[str, Sequence[Position]],
        horizon: float,
        now: float,
        arrivals: Arrivals,
    ) -> None:
        self.settings = settings
        self.lines = self.offences = self.ahead = self.behind = 0
        self.worst_skew = self.lag = 0.0
        self.stamps = Stamps(settings.timezone, now)
        self._first = Stamps(settings.timezone, now)
        self._readers: dict[str, alerts.Reader] = {}
        self._trails: dict[str, Trails] = {}
        self.source = self._open(saved, horizon, arrivals)

    def _open(
        self, saved: Mapping[str, Sequence[Position]], horizon: float, arrivals: Arrivals
    ) -> FileSource | JournalSource | Receiver:
        settings = self.settings
        bare = settings.format != "syslog"
        if settings.journal:
            following = Following(settings.journal, settings.user_ids, settings.directory, bare)
            return JournalSource(following, earlier(following, saved), horizon, arrivals)
        if settings.listen:
            endpoint = Endpoint.parse(settings.listen)
            return Receiver(Listening(settings.name, endpoint, settings.peers, settings.user_ids, bare), arrivals)
        return FileSource(
            settings.path,
            saved.get(settings.path, ()),
            start=lambda fd: lookback(fd, horizon, self._stamp_of),
            cut=alerts.cut(settings.format) or last_line_end,
        )

    @property
    def files(self) -> tuple[Status, ...]:
        """Return how each file fares; none where the source is no file."""
        return self.source.status() if isinstance(self.source, FileSource) else ()

    @property
    def unreadable(self) -> int:
        """Return how many alerts made no sense."""
        return sum(reader.unreadable for reader in self._readers.values())

    @property
    def doubtful(self) -> int:
        """Return how many alerts were out of turn, and not believed."""
        return sum(reader.doubtful for reader in self._readers.values())

    def _stamp_of(self, line: bytes) -> float | None:
        form = self.settings.format
        if form in alerts.FORMATS:
            return alerts.time_of(line)
        if form == "json":
            record = jsonline.read(line, "", self._first)
            return record.time if record else None
        head = HEADERS[form](line)
        return self._first.read(head.stamp) if head else None

    def _offences(self, detector: Detector, chunk: Chunk) -> list[Offence]:
        form = self.settings.format
        if form not in alerts.FORMATS:
            trails = self._trails.setdefault(chunk.source, Trails())
            return detector.find(chunk.data, self.stamps, form, self.settings.program, trails)
        if chunk.source not in self._readers:
            self._readers[chunk.source] = alerts.reader(form)
        return detector.judge(self._readers[chunk.source].read(chunk.data))

    def poll(self, detector: Detector, now: float) -> list[Found]:
        """Return what *detector* finds in the lines that have come."""
        self.stamps.reference = now
        found = []
        for chunk in self.source.poll(_BUDGET):
            self.lines += count_lines(chunk.data)
            offences = self._on_time(self._offences(detector, chunk), chunk.live, now)
            self.offences += len(offences)
            if offences:
                self.lag = max(0.0, now - offences[-1].time)
                found.append(Found(self.settings.name, offences, chunk.live))
        return found

    def _on_time(self, offences: list[Offence], live: bool, now: float) -> list[Offence]:
        times = [offence.time for offence in offences]
        if not times or (max(times) - now <= TOLERANCE and not (live and min(times) - now < -TOLERANCE)):
            return offences
        return [self._mended(offence, live, now) for offence in offences]

    def _mended(self, offence: Offence, live: bool, now: float) -> Offence:
        skew = offence.time - now
        if skew > TOLERANCE:
            self.ahead += 1
            self.worst_skew = max(self.worst_skew, skew, key=abs)
            return offence._replace(time=now)
        if live and skew < -TOLERANCE:
            self.behind += 1
            self.worst_skew = max(self.worst_skew, skew, key=abs)
        return offence


class Logs:
    """All sources of the settings."""

    def __init__(
        self,
        settings: Sequence[SourceSettings],
        saved: dict[str, tuple[Position, ...]],
        horizon: float,
        now: float,
    ) -> None:
        """Begin where *saved* says, and in a log never met before at the first line not older than *horizon*."""
        self.arrivals = Arrivals()
        self.each = tuple(Log(one, saved, horizon, now, self.arrivals) for one in settings)

    def poll(self, detector: Detector, now: float) -> list[Found]:
        """Return what *detector* finds in the lines that have come since the last poll."""
        return [found for log in self.each for found in log.poll(detector, now)]

    def positions(self) -> dict[str, tuple[Position, ...]]:
        """Return how far each source has been read: up to the end of what was polled."""
        return {log.settings.name: log.source.positions() for log in self.each}

    @property
    def lines(self) -> int:
        """Return how many lines have been read."""
        return sum(log.lines for log in self.each)

    @property
    def lag(self) -> float:
        """Return how old the latest offence of the slowest log was when it was read, in seconds."""
        return max((log.lag for log in self.each), default=0.0)

    def close(self) -> None:
        """Close the files and sockets, and end the readers of the journal."""
        for log in self.each:
            log.source.close()
        self.arrivals.close()
