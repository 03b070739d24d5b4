"""choice - which firewall is driven, and why."""

from typing import NamedTuple

from responder.enforce.backend import Backend
from responder.enforce.dryrun import DryRun

BACKENDS = ("auto", "nftables", "iptables", "iptables-ipset", "iptables-plain", "dry-run")


class Choice(NamedTuple):
    """An open backend, and why it is this one, in a sentence for administrators."""

    backend: Backend
    why: str


def open_backend(name: str) -> Choice:
    """Return the backend called *name*; raises FirewallError where it cannot work here."""
    if name == "dry-run":
        return Choice(DryRun(), "nothing is enforced")
    from responder.enforce.nftables import Nftables  # noqa: PLC0415 - a dry run needs no libnftables

    return Choice(Nftables(), "")
