"""A real Postfix asks the service, at RCPT and at the end of each message, and does what it is told."""

import time
from collections.abc import Iterator

import pytest

from responder.store.state import Batch, Lift, StateStore
from responder.values import Ban, Prefix, Scope
from tests.lab import postfix, smtp
from tests.lab.network import Network
from tests.lab.policyd import Policyd, reachable
from tests.lab.postfix import Postfix
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

QUOTAS = """
[[quota]]
key     = "sender-domain"
context = "outgoing"
limits  = ["3 messages per 1d", "6 recipients per 1d", "40 kB per 1d"]

[quota.override]
"offered.example" = ["unlimited"]
"""


@pytest.fixture(scope="module")
def policyd() -> Iterator[Policyd]:
    with reachable(QUOTAS, "reject_banned = true\n") as running:
        yield running


@pytest.fixture(scope="module")
def mta(net: Network, policyd: Policyd) -> Iterator[Postfix]:
    if problem := postfix.missing():
        pytest.skip(problem)
    ask = f"check_policy_service {{ unix:{policyd.socket}, timeout=10s, policy_context=outgoing }}"
    settings = {
        "mynetworks": "198.18.0.0/15",
        "smtpd_client_restrictions": ask.replace("outgoing", "incoming"),
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


def test_a_banned_client_is_refused_with_the_reason(net: Network, mta: Postfix, policyd: Policyd) -> None:
    """Its neighbour is not; and when the ban is lifted it may come in."""
    store, now = StateStore(policyd.folder / "state/state.db"), time.time()
    neighbour = Prefix.parse(net.good.ipv4)
    store.commit(Batch(changes=[Ban(neighbour, Scope(), "login", "", now, now + 3600, 1, "too much")]), now)

    until(lambda: offered(net).what == "refused")
    refused = offered(net)
    assert (refused.code, "5.7.1" in refused.text) == (554, True)
    assert f"[{net.good.ipv4}] is banned here: too much" in refused.text
    assert send(net, "welcome.example") == ""
    store.commit(Batch(changes=[Lift(neighbour, time.time(), "somebody")]), time.time())
    until(lambda: offered(net).what == "accepted")
    store.close()


def offered(net: Network) -> smtp.Answer:
    return smtp.probe(net.good, net.srv.ipv4, "r@else.test", sender="someone@offered.example")
