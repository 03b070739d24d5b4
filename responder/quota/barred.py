"""barred - networks whose clients are refused, each with until when and why; asked about one address.

A lookup asks one dict for each prefix length in use, so it costs the same with
ten networks or a million.  Several may bar the same network, each under a name of
its own: of those that are not over, the one that lasts longest speaks.  Pure.
"""

from collections.abc import Iterator
from typing import NamedTuple

from responder.values import Prefix

_PAUSE_EVERY = 500


class Bar(NamedTuple):
    """One reason to refuse a network's clients."""

    name: int
    until: float
    reason: str


class Barred:
    """All that is barred for one kind of reason."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[int, dict[int, tuple[Bar, ...]]]] = {4: {}, 6: {}}

    def put(self, prefix: Prefix, bar: Bar) -> None:
        """Bar *prefix*; a bar of the same name is replaced."""
        alike = self._by_length[prefix.family].setdefault(prefix.length, {})
        others = alike.get(prefix.network, ())
        alike[prefix.network] = (*(one for one in others if one.name != bar.name), bar) if others else (bar,)

    def drop(self, prefix: Prefix, name: int = 0) -> None:
        """End the bar called *name*, if there is one."""
        alike = self._by_length[prefix.family].get(prefix.length, {})
        kept = tuple(one for one in alike.get(prefix.network, ()) if one.name != name)
        if kept:
            alike[prefix.network] = kept
        elif alike.pop(prefix.network, None) and not alike:
            del self._by_length[prefix.family][prefix.length]

    def find(self, address: Prefix, now: float) -> Bar | None:
        """Return what bars *address* at *now*, the narrowest of several networks."""
        found, length = None, -1
        for bits, alike in self._by_length[address.family].items():
            if bits > length and (bars := alike.get(address.network >> 128 - bits << 128 - bits)):
                bar = max(bars, key=lambda one: one.until)
                if bar.until > now:
                    found, length = bar, bits
        return found

    def forget_ended(self, now: float) -> Iterator[None]:
        """Forget what is over; pauses now and then, when others may put, drop and find."""
        lengths = [(family, length) for family in self._by_length.values() for length in family]
        for family, length in lengths:
            for number, network in enumerate(list(family.get(length, ())), 1):
                alike = family.get(length, {})
                if all(one.until <= now for one in alike.get(network, ())):
                    alike.pop(network, None)
                if number % _PAUSE_EVERY == 0:
                    yield
            if not family.get(length, True):
                del family[length]
