"""A real Postfix asks the service, at RCPT and at the end of each message, and does what it is told."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import postfix
from tests.lab.network import Network
from tests.lab.policyd import Policyd
from tests.lab.postfix import Postfix

pytestmark = pytest.mark.kernel

QUOTAS = """
[[quota]]
key     = "sender-domain"
context = "outgoing"
limits  = ["3 messages per 1d", "6 recipients per 1d", "40 kB per 1d"]
"""


@pytest.fixture(scope="module")
def policyd() -> Iterator[Policyd]:
    folder = Path(tempfile.mkdtemp(prefix="rsp-policyd-"))  # the user postfix must be able to walk into it
    folder.chmod(0o755)
    try:
        with Policyd(folder, QUOTAS) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def mta(net: Network, policyd: Policyd) -> Iterator[Postfix]:
    if problem := postfix.missing():
        pytest.skip(problem)
    ask = f"check_policy_service {{ unix:{policyd.socket}, timeout=10s, policy_context=outgoing }}"
    settings = {
        "mynetworks": "198.18.0.0/15",
        "smtpd_recipient_restrictions": f"{ask}, permit_mynetworks, reject",
        "smtpd_end_of_data_restrictions": ask,
    }
    with Postfix(net.srv, settings=settings) as running:
        yield running


def send(net: Network, domain: str, recipients: int = 1, octets: int = 100) -> str:
    """Send a message, and return the last refusal, or nothing where it was taken."""
    to = ",".join(f"r{number}@else.test" for number in range(recipients))
    words = ["swaks", "--server", net.srv.ipv4, "--from", f"news@{domain}", "--to", to, "--helo", "client.test"]
    said = net.att.run([*words, "--body", "x\n" * (octets // 2)], timeout=60).stdout
    refusals = [line.removeprefix("<** ").strip() for line in said.splitlines() if line.startswith("<** ")]
    return refusals[-1] if refusals else ""


def test_each_message_is_counted_once_by_both_stages(net: Network, mta: Postfix, policyd: Policyd) -> None:
    """At each recipient and again at the end: the fourth message is one too many, and not the third."""
    assert [send(net, "once.example", 2) for _ in range(2)] == ["", ""]

    assert send(net, "once.example", 1) == ""
    refusal = send(net, "once.example", 1)
    assert refusal.startswith("450 4.7.1 ")
    assert "over the limit of 3 messages per 1d for once.example; try again in " in refusal
    assert send(net, "other.example") == ""


def test_a_size_that_is_too_much_is_refused_at_the_end(net: Network, mta: Postfix, policyd: Policyd) -> None:
    """Postfix knows it only then; what was counted at RCPT is taken back, so that a smaller message passes."""
    refusals = [send(net, "size.example", 1, 50_000) for _ in range(4)]

    assert {refusal[:9] for refusal in refusals} == {"450 4.7.1"}
    assert all("End-of-data rejected: over the limit of 40 kB per 1d" in refusal for refusal in refusals)
    assert [send(net, "size.example", 2) for _ in range(3)] == [""] * 3


def test_a_refusal_is_logged_with_the_client_that_postfix_saw(net: Network, mta: Postfix, policyd: Policyd) -> None:
    for _ in range(4):
        send(net, "log.example")

    lines = [line for line in policyd.said().splitlines() if "log.example" in line]
    assert len(lines) == 1
    assert f"quota: defer client={net.att.ipv4} quota=sender-domain-outgoing limit=" in lines[0]
    assert any("log.example" in line and "450 4.7.1" in line for line in mta.lines())
