"""stamps - the time stamps of log lines, as UTC epoch seconds.

Two forms: BSD (RFC 3164, 4.1.2: ``Nov 23 13:46:37``, no year, no zone) and ISO
8601 (RFC 3339, RFC 5424).  A BSD stamp gets the year that puts it last before
the reference, with a day of grace, so December read in January is last year's.
The hour that a clock change repeats is told apart by what was read before.
Each distinct minute is worked out once a day, and lines of one second in a row once.

Pure: the reference (wall clock, or a file's date when an old log is replayed)
is handed in.

Falls short: fractions of a second are dropped; a BSD log older than a year is
taken for a younger one.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from responder.times import DAY, HOUR

MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
_CACHED = 4096
_BSD_LENGTH = 15
_YEARS = 5  # looked back at for a day that exists: 29 February


class Stamps:
    """Reads the stamps of one log, whose clock shows *zone* where a stamp names none."""

    def __init__(self, zone: tzinfo, reference: float) -> None:
        self.unreadable = 0
        self._zone = zone
        self._last: float | None = None
        self._stamp: bytes | None = None
        self._known: dict[bytes, float] = {}
        self._known_since = self._reference = reference

    @property
    def reference(self) -> float:
        """Return the time that a stamp without a year is before, with a day of grace; it may move on."""
        return self._reference

    @reference.setter
    def reference(self, reference: float) -> None:
        self._reference = reference
        self._stamp = None
        if abs(reference - self._known_since) > DAY:  # a year from now the same stamp is another instant
            self._known.clear()
            self._known_since = reference

    def read(self, stamp: bytes) -> float:
        """Return the instant that *stamp* names.

        One that names none (30 February) is counted in *unreadable*, and the
        line taken to be as old as the one before it.
        """
        if stamp == self._stamp and self._last is not None:
            return self._last
        bsd = len(stamp) == _BSD_LENGTH
        minute = stamp[:12] if bsd else stamp[:16] + stamp[19:].lstrip(b".,0123456789")
        begin = self._known.get(minute)
        try:
            if begin is None:
                begin = self._minute(minute, bsd)
            self._last = begin + min(int(stamp[13:15] if bsd else stamp[17:19]), 59)
        except (ValueError, KeyError, OverflowError):
            self.unreadable += 1
            return self.reference if self._last is None else self._last
        self._stamp = stamp
        return self._last

    def _minute(self, minute: bytes, bsd: bool) -> float:
        """Return when *minute* begins; remember it unless a clock change makes it mean two instants."""
        instants = self._bsd(minute) if bsd else self._iso(minute.decode("ascii"))
        if len(instants) > 1:
            return self._nearest(instants)
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[minute] = instants[0]
        return instants[0]

    def _bsd(self, minute: bytes) -> tuple[float, ...]:
        """Return the instants that a minute without year and zone may mean."""
        month, day, hour, of_hour = MONTHS[minute[:3]], int(minute[4:6]), int(minute[7:9]), int(minute[10:12])
        latest = self.reference + DAY
        last_year = datetime.fromtimestamp(latest, self._zone).year
        for year in range(last_year, last_year - _YEARS, -1):
            try:
                instants = self._local(datetime(year, month, day, hour, of_hour))  # noqa: DTZ001
            except ValueError:
                continue  # 29 February of another year
            if min(instants) <= latest:
                return instants
        raise ValueError(minute)

    def _iso(self, minute: str) -> tuple[float, ...]:
        moment, zone = datetime.strptime(minute[:16], "%Y-%m-%dT%H:%M"), minute[16:]  # noqa: DTZ007
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
