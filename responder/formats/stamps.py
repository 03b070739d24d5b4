"""stamps - the time stamps of log lines, as UTC epoch seconds.

Two forms: BSD (RFC 3164, 4.1.2: ``Nov 23 13:46:37``, no year, no zone) and ISO
8601 (RFC 3339, RFC 5424).  A BSD stamp gets the year that puts it last before
the reference, with a day of grace, so December read in January is last year's.
The hour that a clock change repeats is told apart by what was read before.
Each distinct second is worked out once.

Pure: the reference (wall clock, or a file's date when an old log is replayed)
is handed in.

Falls short: fractions of a second are dropped; a BSD log older than a year is
taken for a younger one.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from responder.times import DAY, HOUR

_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
_CACHED = 4096
_BSD_LENGTH, _ISO_LENGTH = 15, 19


class Stamps:
    """Reads the stamps of one log, whose clock shows *zone* where a stamp names none."""

    def __init__(self, zone: tzinfo, reference: float) -> None:
        self.reference = reference
        self.unreadable = 0
        self._zone = zone
        self._last: float | None = None
        self._known: dict[bytes, float] = {}

    def read(self, stamp: bytes) -> float:
        """Return the instant that *stamp* names.

        One that names none (30 February) is counted in *unreadable*, and the
        line taken to be as old as the one before it.
        """
        known = self._known.get(stamp)
        if known is None:
            try:
                instants = self._bsd(stamp) if len(stamp) == _BSD_LENGTH else self._iso(stamp)
            except (ValueError, KeyError, OverflowError):
                self.unreadable += 1
                return self.reference if self._last is None else self._last
            known = instants[0] if len(instants) == 1 else self._nearest(instants)
            if len(instants) == 1:
                if len(self._known) >= _CACHED:
                    self._known.clear()
                self._known[stamp] = known
        self._last = known
        return known

    def _bsd(self, stamp: bytes) -> tuple[float, ...]:
        """Return the instants that a stamp without year and zone may mean."""
        month, day = _MONTHS[stamp[:3]], int(stamp[4:6])
        hour, minute, second = int(stamp[7:9]), int(stamp[10:12]), int(stamp[13:15])
        latest = self.reference + DAY
        this_year = datetime.fromtimestamp(self.reference, self._zone).year
        for year in (this_year + 1, this_year, this_year - 1, this_year - 2, this_year - 3, this_year - 4):
            try:
                instants = self._local(datetime(year, month, day, hour, minute, min(second, 59)))  # noqa: DTZ001
            except ValueError:
                continue  # 29 February of another year
            if min(instants) <= latest:
                return instants
        raise ValueError(stamp)

    def _iso(self, stamp: bytes) -> tuple[float, ...]:
        text = stamp.decode("ascii")
        moment = datetime.strptime(text[:_ISO_LENGTH], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007
        zone = text[_ISO_LENGTH:].lstrip(".,0123456789")
        if not zone:
            return self._local(moment)
        if zone == "Z":
            return (moment.replace(tzinfo=UTC).timestamp(),)
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        return (moment.replace(tzinfo=timezone(away if zone[0] == "+" else -away)).timestamp(),)

    def _local(self, moment: datetime) -> tuple[float, ...]:
        """Return the one instant when the log's clock showed *moment*, or the two."""
        first = moment.replace(tzinfo=self._zone, fold=0).timestamp()
        second = moment.replace(tzinfo=self._zone, fold=1).timestamp()
        return (first,) if second <= first else (first, second)

    def _nearest(self, instants: tuple[float, ...]) -> float:
        """Return the likelier of two instants: the one that is now, else the one that follows what was read."""
        now = min(instants, key=lambda at: abs(at - self.reference))
        if abs(now - self.reference) < HOUR / 2 or self._last is None:
            return now
        last = self._last
        return min(instants, key=lambda at: abs(at - last))
