"""keeper - the files of ``[[export]]`` follow the blacklist.

They are made when nothing more has changed for a moment, or it goes on for too
long, and now and then without that, because listings end by themselves.  A file
whose list is the same is left alone.  What failed is tried again.
"""

import time
from collections.abc import Sequence

from responder import databases
from responder.blacklist import pen
from responder.blacklist.contents import contents
from responder.blacklist.export.exporting import Result, export_one, selection
from responder.blacklist.service.link import Link
from responder.framing import Message
from responder.settings.export import ExportSettings

_LOOK_EVERY = 1.0  # seconds
_QUIET = 2.0
_LONGEST = 30.0
_ANYWAY = 300.0
_AFTER_TROUBLE = 30.0
_SHARE = 10.0  # of the time, at least, in which no file is made without need


class Keeper:
    """Keeps *exports*."""

    def __init__(self, link: Link, exports: Sequence[ExportSettings]) -> None:
        self._link, self._exports = link, exports
        self._states: dict[str, Message] = {
            one.output: {"format": one.format, "output": one.output, "success": 0.0, "changed": 0.0, "entries": 0}
            for one in exports
        }
        self._seen = -1
        self._quiet_at = self._latest_at = self._anyway_at = 0.0

    def run(self) -> None:
        """Work for ever."""
        while True:
            self._link.insist("exports", self._look)
            time.sleep(_LOOK_EVERY)

    def _look(self) -> None:
        now = time.monotonic()
        with databases.reading(self._link.engine()) as connection:
            last = pen.last(connection)
        if last != self._seen:
            waiting = self._latest_at > 0
            self._seen, self._quiet_at = last, now + _QUIET
            self._latest_at = self._latest_at if waiting else now + _LONGEST
        changed = self._latest_at and (now >= self._quiet_at or now >= self._latest_at)
        if changed or now >= self._anyway_at:
            self._make_all()

    def _make_all(self) -> None:
        begun = time.monotonic()
        results = [self._make(one) for one in self._exports]
        ended, self._latest_at = time.monotonic(), 0.0
        trouble = any(result.error for result in results)
        self._anyway_at = ended + max(_AFTER_TROUBLE if trouble else _ANYWAY, _SHARE * (ended - begun))
        self._link.fare("exports", error="", each=list(self._states.values()))

    def _make(self, one: ExportSettings) -> Result:
        now = time.time()
        with contents(self._link.engine(), selection(one, now)) as given:
            result = export_one(one, *given, now)
        state = self._states[one.output]
        state |= {"error": result.error}
        if not result.error:
            state |= {"success": now, "entries": result.entries, "left_out": result.left_out, "serial": result.serial}
        if result.changed:
            state |= {"changed": now}
        return result
