"""firewall - the daemon's end of the actor's socket.

Requests go out without waiting; each answer comes back to the function that was
handed in with its request.  When the actor dies, every open request is answered
with an error and a new actor is started or reached; the first thing it is then
sent is the whole wanted set, so nothing that was open is lost.  One that hangs is
as good as dead.

Owned by the daemon's loop, whose selector it shares: no thread, no lock.
"""

import os
import selectors
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from responder.channel import Channel, reached, started
from responder.enforce.backend import Target
from responder.framing import Message
from responder.values import Ban, Outcome, Prefix, Scope

_PIECE = 2000  # bans in one message; as many bytes as the socket takes without waiting
_LONGEST_SILENCE = 150.0  # seconds; one who waits for the lock of iptables says so after 60
_ENVIRONMENT = ("PATH", "LANG", "PYTHONPATH", "XTABLES_LOCKFILE")

Answer = Callable[[Message], None]


class Enforced(NamedTuple):
    """What the kernel has of a ban: when it ends, what it stopped, and when last (0: not seen)."""

    expires: float
    packets: int
    octets: int
    last: float


class Looked(NamedTuple):
    """What came of the actor's looking after its rules: what it put back, why it cannot look, or nothing wrong."""

    mended: str
    error: str


class Firewall(Channel):
    """Speaks to one actor: one that we start with *backend*, or the service that listens on *path*.

    *looked* hears what the actor says of its looking after the rules.
    """

    def __init__(
        self, backend: str, path: str, selector: selectors.BaseSelector, looked: Callable[[Looked], None]
    ) -> None:
        self.backend = self.why = ""
        self._looked = looked
        self._open: dict[int, Answer] = {}
        self._parts: dict[int, dict[Target, Enforced]] = {}
        self._number = 0
        self._heard = 0.0
        way = reached(Path(path)) if path else started(["firewall", "--backend", backend], _environment())
        super().__init__("the firewall actor", way, selector, self._take, self._answer_all)

    @property
    def unanswered(self) -> int:
        """Return how many requests have no answer yet."""
        return len(self._open)

    def tend(self) -> None:
        """Give up an actor that hangs: one that has said nothing for long, although it was asked something."""
        if self.connected and self._open and time.monotonic() - self._heard > _LONGEST_SILENCE:
            self.give_up(f"has not answered for {_LONGEST_SILENCE:.0f} seconds")

    def apply(self, bans: Iterable[Ban], lifts: Iterable[Ban], then: Callable[[Outcome], None]) -> None:
        """Ask for *bans* to be enforced and *lifts* to be ended, in one transaction."""
        lift = [[*ban.prefix, _text(ban.scope)] for ban in lifts]
        self._ask({"do": "apply", "ban": _rows(bans), "lift": lift}, lambda answer: then(_outcome(answer)))

    def sync(self, bans: Sequence[Ban], never: Iterable[Prefix], then: Callable[[Outcome], None]) -> None:
        """Ask that the kernel hold exactly *bans* and never stop *never*."""
        *pieces, last = range(0, max(1, len(bans)), _PIECE)
        for begin in pieces:  # the actor reads one while we write the next
            self.send({"id": 0, "do": "want", "wanted": _rows(bans[begin : begin + _PIECE])})
        request = {"do": "sync", "wanted": _rows(bans[last:]), "never": [[*prefix] for prefix in never]}
        self._ask(request, lambda answer: then(_outcome(answer)))

    def holds(self, prefix: Prefix, then: Answer) -> None:
        """Ask what the kernel holds that stops *prefix*."""
        self._ask({"do": "holds", "prefix": [*prefix]}, then)

    def find(self, targets: Iterable[Target], then: Answer) -> None:
        """Ask what the kernel holds of *targets*, and what it has counted."""
        self._ask({"do": "find", "targets": [[*target.prefix, str(target.scope)] for target in targets]}, then)

    def held(self, then: Answer) -> None:
        """Ask for everything that the kernel holds."""
        self._ask({"do": "held"}, then)

    def flush(self, then: Callable[[Outcome], None]) -> None:
        """Ask for everything of ours to be removed."""
        self._ask({"do": "flush"}, lambda answer: then(_outcome(answer)))

    def _ask(self, request: Message, then: Answer) -> None:
        if not self.connected:
            then({"applied": 0, "error": self.error})
            return
        if not self._open:
            self._heard = time.monotonic()
        self._number += 1
        self._open[self._number] = then
        self.send({"id": self._number, **request})

    def _take(self, message: Message) -> None:
        self._heard = time.monotonic()
        if message.get("id") == 0:
            self._take_note(message)
            return
        number = message.get("id", -1)
        if "part" in message:
            self._parts.setdefault(number, {}).update(_read(message["part"]))
        elif then := self._open.pop(number, None):
            if "held" in message:
                message["held"] = self._parts.pop(number, {}) | _read(message["held"])
            then(message)

    def _take_note(self, news: Message) -> None:
        """Take note of what the actor says by itself."""
        error = str(news.get("error", ""))
        if "mended" in news:
            self._looked(Looked(str(news["mended"]), error))
        else:
            self.backend, self.why = str(news.get("backend", "")), str(news.get("why", ""))
            self.explain(error)

    def _answer_all(self, reason: str) -> None:
        self.backend = self.why = ""
        unanswered, self._open, self._parts = self._open, {}, {}
        for then in unanswered.values():
            then({"applied": 0, "error": reason})


_text, _scope = lru_cache(maxsize=256)(str), lru_cache(maxsize=256)(Scope.parse)


def _rows(bans: Iterable[Ban]) -> list[list[Any]]:
    return [[*ban.prefix, _text(ban.scope), ban.expires] for ban in bans]


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key in _ENVIRONMENT}


def _outcome(answer: dict[str, Any]) -> Outcome:
    return Outcome(int(answer.get("applied", 0)), error=str(answer.get("error", "")))


def held_in(answer: Message) -> dict[Target, Enforced]:
    """Return what the kernel holds, from the answer to `Firewall.held`, `find` or `holds`."""
    found: dict[Target, Enforced] = answer.get("held", {})
    return found


def _read(rows: Iterable[Any]) -> dict[Target, Enforced]:
    return {Target(Prefix(row[0], row[1]), _scope(row[2])): Enforced(*row[3:]) for row in rows}
