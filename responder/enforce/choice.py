"""choice - which firewall is driven, and why.

auto             nftables, else iptables with ipset, else iptables alone
nftables         the kernel's nf_tables
iptables         the legacy tables, with ipset where there is one; nftables
where the host's own iptables is the variant that drives that
iptables-ipset   the legacy tables with ipset, whatever the host's iptables is
iptables-plain   the legacy tables alone
dry-run          nothing
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from responder.enforce.backend import Backend
from responder.enforce.dryrun import DryRun
from responder.errors import FirewallError

BACKENDS = ("auto", "nftables", "iptables", "iptables-ipset", "iptables-plain", "dry-run")
_FOLDERS = "/usr/sbin:/sbin:/usr/local/sbin"


class Choice(NamedTuple):
    """An open backend, and why it is this one, in a sentence for administrators."""

    backend: Backend
    why: str


def open_backend(name: str) -> Choice:
    """Return the backend called *name*; raises FirewallError, in one sentence, where it cannot work here."""
    match name:
        case "dry-run":
            return Choice(DryRun(), "nothing is enforced")
        case "nftables" | "iptables-ipset" | "iptables-plain":
            return Choice(_open(name), "the settings ask for it")
        case "iptables" if _drives_nf_tables("iptables"):
            why = "the iptables of this host drives nf_tables, while python-iptables drives the legacy tables only"
            return Choice(_open("nftables"), why)
        case "iptables":
            return _first("iptables-ipset", "iptables-plain")
    return _first("nftables", "iptables-ipset", "iptables-plain")


def _first(*names: str) -> Choice:
    """Return the first that can be opened; raises FirewallError with what each one lacks."""
    lacking: list[str] = []
    for name in names:
        try:
            return Choice(_open(name), "; ".join(lacking) or f"{name} works here and is the first choice")
        except FirewallError as error:
            lacking += [str(error)] if str(error) not in lacking else []
    raise FirewallError("; ".join(lacking))


def _open(name: str) -> Backend:
    if name == "nftables":
        from responder.enforce.nftables import Nftables  # noqa: PLC0415 - only what is used is loaded

        return Nftables()
    if name == "iptables-ipset":
        from responder.enforce.iptables_ipset import IptablesIpset  # noqa: PLC0415

        return IptablesIpset()
    from responder.enforce.iptables_plain import IptablesPlain  # noqa: PLC0415

    return IptablesPlain()


def _drives_nf_tables(program: str) -> bool:
    """Tell whether *program* is the variant of iptables that drives nf_tables (iptables 1.8: xtables-nft-multi)."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_FOLDERS}")
    return found is not None and "nft" in Path(found).resolve().name
