"""bulletin - what the administrator is told of the daemon itself: troubles as they come and go, panic, trials.

Looked at every ten seconds, and only where somebody wants to hear of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from responder.daemon.troubles import found_in
from responder.framing import Message
from responder.notices.couriers import Couriers
from responder.notices.watched import Watched

_LOOK_EVERY = 10.0  # seconds
_DRIFT_LASTS = 600.0  # after rules were put back last
_MUCH = 10_000_000  # bytes of a log that wait to be read
_OF_PANIC = ("panic", "trial")  # told by an event of their own


class Bulletin:
    """Tells *couriers* of what *status* says."""

    def __init__(self, couriers: Couriers, status: Callable[[], Message]) -> None:
        self._couriers, self._status = couriers, status
        self._wanted = any(told.wants("trouble") or told.wants("panic") for told in couriers.each)
        self._watched = Watched()
        self._mended = 0
        self._mended_at: float | None = None
        self._safety: dict[str, Any] = {"panic": None, "trial": None}
        self._look_at = 0.0

    def tend(self, now: float) -> None:
        """Look whether it is time to look, and tell what is new."""
        if not self._wanted or 0 <= self._look_at - now <= _LOOK_EVERY:
            return
        self._look_at = now + _LOOK_EVERY
        status = self._status()
        self._tell_of_safety(status["safety"])
        change = self._watched.look(dict(self._found(status, now)))
        for key, said in change.begun.items():
            self._couriers.tell("trouble", f"trouble: {said}", said, {"trouble": key, "over": False})
        for key, said in change.over.items():
            self._couriers.tell("trouble", f"over: {said}", f"This is over:\n{said}", {"trouble": key, "over": True})

    def _found(self, status: Message, now: float) -> Iterator[tuple[str, str]]:
        yield from (trouble for trouble in found_in(status) if trouble.key not in _OF_PANIC)
        mended = status["firewall"]["mended"]
        if mended > self._mended:
            self._mended, self._mended_at = mended, now
        if self._mended_at is not None and now - self._mended_at < _DRIFT_LASTS:
            yield "drift", f"somebody else changes our firewall rules; put back {mended} times since the start"
        for source in status["sources"]:
            behind = sum(file["behind"] for file in source["files"])
            if behind > _MUCH:
                yield f"late {source['path']}", f"{source['path']}: {behind:,} bytes wait to be read"

    def _tell_of_safety(self, safety: dict[str, Any]) -> None:
        for what in _OF_PANIC:
            before, after = self._safety[what], safety[what]
            if after and not before:
                facts = {"what": what, **after}
                said = ", ".join(f"{key} {value}" for key, value in after.items())
                self._couriers.tell("panic", f"{what} begins", f"{what}: {said}", facts)
            elif before and not after:
                self._couriers.tell(
                    "panic", f"{what} is over", f"{what} is over: bans are made and stay", {"what": what}
                )
            self._safety[what] = after
