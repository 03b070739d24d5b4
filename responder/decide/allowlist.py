"""allowlist - whom nobody may ban, and on whose word.

Entries are prefixes, each with the reason it is there.  A lookup asks one dict
for each prefix length in use, so it costs the same for ten entries or ten
thousand.
"""

from collections.abc import Iterable
from typing import NamedTuple

from responder.values import Prefix


class Allowed(NamedTuple):
    """One entry: whom, and why (a setting, a host name, the host's own address)."""

    prefix: Prefix
    why: str


ALWAYS = (
    Allowed(Prefix.parse("127.0.0.0/8"), "loopback"),
    Allowed(Prefix.parse("::1"), "loopback"),
    Allowed(Prefix.parse("0.0.0.0/32"), "no address at all"),
    Allowed(Prefix.parse("::/128"), "no address at all"),
    Allowed(Prefix.parse("fe80::/10"), "link-local: neighbours and routers on this link"),
)


class Allowlist:
    """The entries, ready to be asked."""

    def __init__(self, entries: Iterable[Allowed] = ()) -> None:
        self.entries = tuple(dict.fromkeys((*ALWAYS, *entries)))
        by_length: dict[int, dict[int, dict[int, Allowed]]] = {4: {}, 6: {}}
        for entry in self.entries:
            network, length = entry.prefix
            alike = by_length[entry.prefix.family].setdefault(length, {})
            alike.setdefault(network >> 128 - length, entry)
        self._lengths = {
            family: [(length, 128 - length, alike) for length, alike in lengths.items()]
            for family, lengths in by_length.items()
        }

    def covering(self, prefix: Prefix) -> Allowed | None:
        """Return an entry that holds the whole of *prefix*, or None."""
        network, bits = prefix
        for length, shift, entries in self._lengths[prefix.family]:
            if length <= bits and (entry := entries.get(network >> shift)):
                return entry
        return None

    def inside(self, prefix: Prefix) -> tuple[Allowed, ...]:
        """Return the entries that lie wholly inside *prefix*."""
        return tuple(entry for entry in self.entries if prefix.covers(entry.prefix))

    def __eq__(self, other: object) -> bool:
        """Compare by whom they protect, and why."""
        return isinstance(other, Allowlist) and set(self.entries) == set(other.entries)

    __hash__ = None  # type: ignore[assignment]
