"""Which firewall is driven where nothing is said, and what is said where one cannot be."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from responder.enforce import choice
from responder.enforce.backend import Backend
from responder.enforce.choice import Choice, open_backend
from responder.errors import FirewallError

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("network")]


@contextmanager
def chosen(name: str) -> Iterator[Choice]:
    made = open_backend(name)
    with closing(made.backend):
        yield made


def an_iptables(folder: Path, variant: str) -> str:
    """Make what Debian's alternatives make: a link called iptables to one of the two programs."""
    (folder / variant).touch(0o755)
    (folder / "iptables").symlink_to(folder / variant)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        ("auto", "nftables"),
        ("nftables", "nftables"),
        ("iptables-ipset", "iptables+ipset"),
        ("iptables-plain", "iptables"),
        ("dry-run", "dry-run"),
    ],
)
def test_each_name_opens_its_firewall_and_says_why(name: str, backend: str) -> None:
    """nftables where nothing is said and the kernel has it."""
    with chosen(name) as made:
        assert made.backend.name == backend
        assert made.why


def test_the_legacy_tables_are_not_driven_beside_an_iptables_that_drives_nf_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's own rules are elsewhere; one line says what was done instead."""
    monkeypatch.setenv("PATH", f"{an_iptables(tmp_path, 'xtables-nft-multi')}:{os.environ['PATH']}")

    with chosen("iptables") as made:
        assert made.backend.name == "nftables"
        assert "python-iptables drives the legacy tables only" in made.why


def test_a_legacy_iptables_is_driven_with_ipset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the administrator of an older host expects."""
    monkeypatch.setenv("PATH", f"{an_iptables(tmp_path, 'xtables-legacy-multi')}:{os.environ['PATH']}")

    with chosen("iptables") as made:
        assert made.backend.name == "iptables+ipset"


def test_the_next_best_is_taken_with_the_reason_why_not_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old kernel has no nftables; the status says so."""
    really = choice._open

    def without(name: str) -> Backend:
        if name in lacking:
            raise FirewallError(f"the kernel lacks {name}")
        return really(name)

    monkeypatch.setattr(choice, "_open", without)
    lacking = {"nftables"}
    with chosen("auto") as made:
        assert (made.backend.name, made.why) == ("iptables+ipset", "the kernel lacks nftables")
    lacking.add("iptables-ipset")
    with chosen("auto") as made:
        assert (made.backend.name, made.why) == (
            "iptables",
            "the kernel lacks nftables; the kernel lacks iptables-ipset",
        )
    lacking.add("iptables-plain")
    with pytest.raises(FirewallError, match=r"lacks nftables; .* lacks iptables-ipset; .* lacks iptables-plain"):
        open_backend("auto")
