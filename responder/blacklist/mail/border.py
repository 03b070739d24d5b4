"""border - which Received fields of a mail are believed, and from whom the first of our servers took it.

Every server puts its field above those that were there.  So the fields are
read from the top: the first must be by one of ours, and as long as the client
it names is one of ours, too, the next field is believed as well.  The first
client that is not ours is whom our server saw.  Everything below came
with the mail, and whoever sent it may have made it up.

Pure.  Ours are the networks and host names that the settings name; not even
loopback goes without saying, because a program on this host may send forged fields, too.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from responder.blacklist.mail.received import Hop
from responder.values import Prefix


class Trusted(NamedTuple):
    """Our mail servers: their networks, and their names; ``.example.org`` is every host below example.org."""

    networks: tuple[Prefix, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Return what *texts* name, each an address, a network or a host name."""
        networks, names = [], []
        for text in texts:
            try:
                networks.append(Prefix.parse(text))
            except ValueError:
                names.append(text.strip().rstrip(".").lower())
        return cls(tuple(networks), tuple(names))

    def has_address(self, address: Prefix) -> bool:
        """Tell whether *address* is one of our servers."""
        return any(network.covers(address) for network in self.networks)

    def has_name(self, name: str) -> bool:
        """Tell whether *name* is one of our servers."""
        return any(name == own or (own.startswith(".") and name.endswith(own)) for own in self.names)

    def wrote(self, hop: Hop) -> bool:
        """Tell whether *hop* says that one of our servers wrote it."""
        return self.has_name(hop.by) or bool(hop.by_address and self.has_address(hop.by_address))


class Border(NamedTuple):
    """How many of the hops, from the top, are believed; which of them took the mail from outside, if any; and why."""

    believed: int
    seen: int | None
    note: str


def find(hops: Sequence[Hop], trusted: Trusted) -> Border:
    """Return where in *hops*, the newest first, the mail came from somebody else to *trusted*."""
    if not any(trusted):
        return Border(0, None, "no server of yours is named (trusted in [blacklist]), so no Received field is believed")
    for number, hop in enumerate(hops):
        if hop.way == "queue":
            continue
        if not trusted.wrote(hop):
            return Border(number, None, f"nobody is blamed: {hop.by or 'the next server'} is not named in trusted")
        if hop.way == "local":
            continue
        if hop.address is None:
            what = "from a program" if hop.way == "program" else "in a way that its Received field does not tell"
            return Border(number + 1, None, f"nobody is blamed: {hop.by} took the mail {what}")
        if not trusted.has_address(hop.address):
            return Border(number + 1, number, f"{hop.by} took the mail from {hop.address}")
    what = "all Received fields are of your own servers" if hops else "there is no Received field"
    return Border(len(hops), None, f"nobody is blamed: {what}")
