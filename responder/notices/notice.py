"""notice - one thing that somebody is told.

What attackers wrote may be in any of its texts: `line` makes it fit for a header or
an argument, and nothing of it ever comes near a shell.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from responder.settings.notify import Event


class Notice(NamedTuple):
    """What happened, in a line and at length for people, and as *facts* for programs."""

    event: Event
    title: str
    text: str
    facts: Mapping[str, Any]
    evidence: tuple[str, ...] = ()

    @property
    def json(self) -> bytes:
        """Return all of it for programs."""
        return json.dumps(self._asdict(), default=str).encode()

    def value(self, place: str) -> str:
        """Return what stands for *place* in a command: never what could be taken for an option."""
        own = {"event": self.event, "title": self.title, "text": self.text}
        said = line(str(own.get(place, self.facts.get(place, ""))))
        return f" {said}" if said.startswith("-") else said


def line(text: str, most: int = 2000) -> str:
    """Return *text* as one printable line that any encoding can say, of at most so many characters."""
    return "".join(char if char.isprintable() else " " for char in text[:most])


class SendError(Exception):
    """It was not sent; *again* says whether it may be later."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.again = again
