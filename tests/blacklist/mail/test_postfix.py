"""What a real Postfix writes on top of a mail, and into a bounce, is read as it is meant."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from responder.blacklist.mail.border import Trusted
from responder.blacklist.mail.proposals import Reading, read
from tests.blacklist.mail.mails import FORGED, claimed, seen
from tests.lab import postfix
from tests.lab.network import Network
from tests.lab.postfix import Postfix
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
HERE = "mx.example.org"
OURS = Reading(Trusted.parse([HERE]))


class Mailbox:
    """The mailbox of a Postfix, and a client that sends to it."""

    def __init__(self, net: Network, path: Path) -> None:
        self.net, self.path = net, path

    def send(
        self,
        data: str,
        mark: str,
        *,
        helo: str = "client.test",
        recipient: str = "ok",
        family: str = "ipv4",
        port: int = 25,
    ) -> bytes:
        """Send *data*, and return what then lies in the mailbox with *mark* in it: the mail, or its bounce."""
        argv = ["swaks", "--server", getattr(self.net.srv, family), "--port", str(port), "--helo", helo]
        argv += ["--from", "ok@example.org", "--to", f"{recipient}@example.org", "--data", "-"]
        argv += ["--local-interface", getattr(self.net.att, family)]
        self.net.att.run(argv, input=data, check=True)
        return until(partial(self._found, mark.encode()), within=20, what=f"{mark} in {self.path}")

    def _found(self, mark: bytes) -> bytes:
        stored = self.path.read_bytes() if self.path.exists() else b""
        mails = [b"From " + mail for mail in stored.removeprefix(b"From ").split(b"\nFrom ")]
        return next((mail for mail in mails if mark in mail), b"")


@pytest.fixture(scope="module")
def mailbox(net: Network) -> Iterator[Mailbox]:
    """Run a Postfix that stores mail; what comes in on port 2525 it first sends to itself, as through a filter."""
    if problem := postfix.missing():
        pytest.skip(problem)
    base = Path("/run") / f"{net.srv.namespace}-mail"
    base.mkdir(mode=0o755)
    shutil.chown(base, "nobody", "nogroup")
    settings = {
        "mydestination": "",
        "virtual_mailbox_domains": "example.org",
        "virtual_mailbox_maps": "inline:{ok@example.org=box}",
        "virtual_mailbox_base": str(base),
        "virtual_uid_maps": "static:65534",
        "virtual_gid_maps": "static:65534",
        "virtual_minimum_uid": "1",
        "smtpd_reject_unlisted_recipient": "no",
    }
    filtered = f"2525 inet n - n - - smtpd -o content_filter=smtp:[{net.srv.ipv4}]:10025"
    try:
        with Postfix(net.srv, ports=(25, 10025), settings=settings, services=[filtered]):
            yield Mailbox(net, base / "box")
    finally:
        shutil.rmtree(base)


HOSTILE = {
    "plain": ("client.test", ""),
    "literal": ("[198.51.100.1]", f"{FORGED}\n"),
    "odd": ("by;(unknown[198.51.100.1])", " (unknown [198.51.100.1])\n"),
    "text": ("198.51.100.1", "[198.51.100.1]\n"),
}


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_the_client_is_seen_whatever_it_sends(net: Network, mailbox: Mailbox, family: str) -> None:
    """An address in HELO, Received fields of its own, and text before the first field, folded and not."""
    for what, (helo, start) in HOSTILE.items():
        mark = f"{what} over {family}"
        stored = mailbox.send(
            f"{start}Subject: {mark}\nFrom: x@spam.example\n\nhello\n", mark, helo=helo, family=family
        )

        found = read(stored, OURS)

        assert seen(found) == [getattr(net.att, family)], stored.decode()
        assert found.hops[0].protocol == "ESMTP"


def test_through_a_filter_of_ours_its_client_is_seen(net: Network, mailbox: Mailbox) -> None:
    """Where the filter is named as ours; else the filter is seen.  What the client wrote is never believed."""
    stored = mailbox.send(
        f"{FORGED}\nSubject: filtered\nFrom: x@spam.example\n\nhello\n", "Subject: filtered", port=2525
    )

    both = read(stored, Reading(Trusted.parse([HERE, net.srv.ipv4])))
    one = read(stored, OURS)

    assert [str(hop.address) for hop in both.hops] == [net.srv.ipv4, net.att.ipv4, "198.51.100.1"]
    assert (seen(both), seen(one)) == ([net.att.ipv4], [net.srv.ipv4])
    assert "198.51.100.1" in claimed(both) & claimed(one)
    assert net.att.ipv4 in claimed(one)


def test_a_bounce_blames_nobody_who_delivered_it(net: Network, mailbox: Mailbox) -> None:
    """The mail in it names its client, which may or may not be so: anybody can send a bounce."""
    data = "Subject: bounced\nFrom: x@spam.example\n\nsee http://spam.example/\n"

    found = read(mailbox.send(data, "multipart/report", recipient="nobody"), OURS)

    assert seen(found) == []
    assert {net.att.ipv4, "x@spam.example", "http://spam.example/"} <= claimed(found)
    assert any("not who delivered it" in note for note in found.notes)
