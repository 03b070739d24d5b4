"""exempt - what is not proposed, however often it is named: our own, the allowlisted, the private, the well-known.

A well-known domain serves many: it is not proposed itself, but single URLs
and e-mail addresses there are.

Pure.
"""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from responder.blacklist import space
from responder.blacklist.values import Kind, Subject
from responder.values import Prefix

Names = frozenset[str]


class Exempt(NamedTuple):
    """Networks and domains (with all below them) that are not proposed, and domains that serve many."""

    networks: tuple[Prefix, ...] = ()
    domains: Names = frozenset()
    well_known: Names = frozenset()

    def why(self, subject: Subject) -> str:
        """Return why *subject* is not proposed; nothing where it may be."""
        if subject.kind in (Kind.ADDRESS, Kind.NETWORK):
            return self._why_address(Prefix.parse(subject.value))
        host = host_of(subject)
        if within(host, self.domains):
            return "your own or allowlisted"
        if subject.kind is Kind.DOMAIN and within(host, self.well_known):
            return "well known, and serves many"
        return self._why_address(Prefix.parse(host)) if subject.kind is Kind.URL and _is_address(host) else ""

    def _why_address(self, prefix: Prefix) -> str:
        if any(network.covers(prefix) or prefix.covers(network) for network in self.networks):
            return "your own or allowlisted"
        return space.never(prefix, 0, 0)


def names(texts: Iterable[str]) -> Names:
    """Return *texts* as the names that `Exempt` holds."""
    return frozenset(text.strip().strip(".").lower() for text in texts)


def within(host: str, domains: Names) -> bool:
    """Tell whether *host* is one of *domains* or below one."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels)))


def host_of(subject: Subject) -> str:
    """Return the host of a URL, or the domain of anything else that has one."""
    if subject.kind is Kind.URL:
        return urlsplit(subject.value).hostname or ""
    return subject.value.rpartition("@")[2]


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
