"""Only what our own servers wrote is believed, and only the first stranger among their clients is seen."""

import pytest

from responder.blacklist.mail.border import Border, Trusted, find
from responder.blacklist.mail.received import read
from tests.blacklist.mail.mails import OURS

NOW = "Fri, 17 Jul 2026 03:12:45 +0200"


def hop(client: str, by: str = "mx.example.org", protocol: str = "ESMTP") -> str:
    return f"from x (unknown [{client}]) by {by} (Postfix) with {protocol} id 4Y; {NOW}"


LMTP = f"from mx.example.org by mx.example.org with LMTP id kG; {NOW}"
PROGRAM = f"by mx.example.org (Postfix, from userid 33) id 4Y; {NOW}"


def border(*lines: str, trusted: Trusted = OURS) -> Border:
    return find([read(line) for line in lines], trusted)


@pytest.mark.parametrize(
    ("lines", "believed", "seen"),
    [
        ([hop("203.0.113.7")], 1, 0),
        ([hop("203.0.113.7"), hop("198.51.100.1")], 1, 0),
        ([hop("192.0.2.25"), hop("203.0.113.7"), hop("198.51.100.1")], 2, 1),
        ([LMTP, hop("192.0.2.25"), hop("203.0.113.7")], 3, 2),
        (["(qmail 7 invoked from network); x", hop("203.0.113.7")], 2, 1),
        ([hop("2001:db8:25::1").replace("[", "[IPv6:"), hop("203.0.113.7")], 2, 1),
    ],
)
def test_the_first_client_that_is_not_ours_is_seen(lines: list[str], believed: int, seen: int) -> None:
    assert border(*lines)[:2] == (believed, seen)


@pytest.mark.parametrize(
    ("lines", "believed", "why"),
    [
        ([], 0, "there is no Received field"),
        ([hop("203.0.113.7", by="mx.elsewhere.test")], 0, "mx.elsewhere.test is not named in trusted"),
        ([hop("192.0.2.25"), hop("203.0.113.7", by="mx.elsewhere.test")], 1, "mx.elsewhere.test is not named"),
        ([PROGRAM, hop("203.0.113.7")], 1, "mx.example.org took the mail from a program"),
        ([LMTP, PROGRAM], 2, "from a program"),
        (["(qmail 7 invoked by uid 33); x", hop("203.0.113.7")], 0, "the next server is not named in trusted"),
        ([f"from x by mx.example.org with SMTP; {NOW}", hop("203.0.113.7")], 1, "in a way that its Received field"),
        ([hop("192.0.2.25")], 1, "all Received fields are of your own servers"),
    ],
)
def test_where_no_stranger_can_be_told_nobody_is_blamed(lines: list[str], believed: int, why: str) -> None:
    """And the reason names what would have to be known."""
    found = border(*lines)

    assert found[:2] == (believed, None)
    assert why in found.note


def test_loopback_is_believed_only_where_it_is_named() -> None:
    """A program on this host may send forged fields as well as a content filter true ones."""
    lines = [hop("127.0.0.1"), hop("198.51.100.1")]

    assert border(*lines)[:2] == (1, 0)
    assert border(*lines, trusted=Trusted.parse(["mx.example.org", "127.0.0.0/8"]))[:2] == (2, 1)


def test_without_a_server_of_ours_nothing_is_believed() -> None:
    found = border(hop("203.0.113.7"), trusted=Trusted())

    assert found[:2] == (0, None)
    assert "trusted in [blacklist]" in found.note


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("mx.example.org", True),
        ("MX.Example.ORG.", True),
        ("mx2.example.org", False),
        ("mx.example.org.evil.test", False),
    ],
)
def test_a_server_is_known_by_its_whole_name(name: str, ours: bool) -> None:
    assert (border(hop("203.0.113.7", by=name)).seen == 0) is ours


def test_a_leading_dot_means_every_host_there() -> None:
    trusted = Trusted.parse([".example.org"])

    assert border(hop("203.0.113.7", by="mx9.example.org"), trusted=trusted).seen == 0
    assert border(hop("203.0.113.7", by="evilexample.org"), trusted=trusted).seen is None


def test_a_server_is_known_by_the_address_it_writes_of_itself() -> None:
    """Exchange writes it behind its name."""
    line = f"from x (203.0.113.7) by ex01.local (192.0.2.25) with Microsoft SMTP Server id 15; {NOW}"

    assert border(line)[:2] == (1, 0)
