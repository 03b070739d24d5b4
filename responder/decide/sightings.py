"""sightings - which offences are told twice: by a log that we read, and by an alert about a line of it.

OSSEC and Wazuh put the line that an alert is about into the alert.  The same
line may stand in a log several times, and be told of in as many alerts, so
what counts is the larger number of both: an alert counts when there were more
of them than lines so far, a line when there were more of them than alerts.

Bounded in time and number: what was not seen for a while is forgotten.

Falls short: lines that differ only after the first thousand characters are one,
as OSSEC cuts them.  An alert that comes over ten minutes after its line, or
200,000 offences later, counts again.
"""

from responder.formats.alerts import subject
from responder.times import MINUTE
from responder.values import Offence

_COMPARED = 1000  # characters; OSSEC keeps 1,256 bytes of a line
_SPAN = 10 * MINUTE
_MOST = 200_000

_Counts = dict[int, tuple[int, int]]


class Sightings:
    """How often each line was told of lately: by itself, and by alerts."""

    def __init__(self) -> None:
        self._young: _Counts = {}
        self._old: _Counts = {}
        self._begun = 0.0

    def repeats(self, offence: Offence) -> bool:
        """Take note of *offence*; tell whether the other side has told of it already."""
        line = subject(offence.line)
        key = hash((offence.address, (offence.line if line is None else line)[:_COMPARED]))
        lines, alerts = self._young.get(key) or self._old.get(key) or (0, 0)
        before = max(lines, alerts)
        lines, alerts = (lines + 1, alerts) if line is None else (lines, alerts + 1)
        self._make_room(offence.time)
        self._young[key] = lines, alerts
        return max(lines, alerts) == before

    def _make_room(self, now: float) -> None:
        if now - self._begun > _SPAN or len(self._young) >= _MOST // 2:
            self._young, self._old, self._begun = {}, self._young, max(self._begun, now)
