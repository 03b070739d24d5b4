"""A real Postfix answers real clients and logs what they did."""

from functools import partial

import pytest

from tests.lab.network import Network
from tests.lab.postfix import Postfix
from tests.lab.smtp import Answer, probe, rapid
from tests.lab.wait import until

pytestmark = pytest.mark.kernel


def logged(mail: Postfix, *parts: str) -> bool:
    return any(all(part in line for part in parts) for line in mail.lines())


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_swaks_is_told_what_a_mail_server_would_be_told(net: Network, mail: Postfix, family: str) -> None:
    server, client = getattr(net.srv, family), getattr(net.att, family)

    assert probe(net.att, server, "ok@example.org").what == "accepted"
    assert probe(net.att, server, "nobody@example.org")[:2] == ("refused", 550)
    assert probe(net.att, server, "x@elsewhere.test")[:2] == ("refused", 554)

    for reason in ("550 5.1.1 <nobody@example.org>: Recipient address rejected", "554 5.7.1 <x@elsewhere.test>: Relay"):
        start = f"NOQUEUE: reject: RCPT from unknown[{client}]: {reason}"
        until(partial(logged, mail, "mx postfix/smtpd[", start), what=start)


def test_many_sessions_from_many_addresses(net: Network, mail: Postfix) -> None:
    sources = [f"198.19.50.{n}" for n in range(1, 101)]
    net.att.add_addresses(*sources)

    answers = rapid(net.att, net.srv.ipv4, [(source, "nobody@example.org") for source in sources] * 2)

    assert [answer.code for answer in answers] == [550] * 200
    until(lambda: all(logged(mail, f"unknown[{source}]: 550") for source in sources))


def test_a_client_notices_that_it_is_dropped(net: Network, mail: Postfix) -> None:
    table = "table inet t { chain c { type filter hook prerouting priority -300; ip saddr 198.19.60.1 drop; }; }"
    net.att.add_addresses("198.19.60.1", "198.19.60.2")
    net.srv.run(["nft", table], check=True)

    answers = rapid(net.att, net.srv.ipv4, [(f"198.19.60.{n}", "ok@example.org") for n in (1, 2)], timeout=0.3)

    assert [answer.what for answer in answers] == ["dropped", "accepted"]
    assert probe(net.att, net.srv.ipv4, "ok@example.org", source="198.19.60.1", timeout=1).what == "dropped"


def test_no_server_is_something_else_than_a_silent_one(net: Network) -> None:
    assert rapid(net.att, net.good.ipv6, [(net.att.ipv6, "x@y.test")]) == [Answer("closed", 0, "connection refused")]
    assert probe(net.att, net.good.ipv6, "x@y.test").what == "closed"


def test_two_run_side_by_side_under_names_of_their_own(net: Network, mail: Postfix) -> None:
    with Postfix(net.srv, ports=(2525,), name="postfix2525") as second:
        probe(net.att, net.srv.ipv4, "nobody@example.org", port=2525)

        until(lambda: logged(second, "mx postfix2525/smtpd[", "550 5.1.1"))
        assert net.att.connect(net.srv.ipv4, 25).reached == "open"
    assert net.att.connect(net.srv.ipv4, 2525).reached == "refused"
    assert not second.folder.exists()


def test_a_folder_that_postfix_cannot_enter_is_refused(net: Network, tmp_path_factory: pytest.TempPathFactory) -> None:
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)

    with pytest.raises(ValueError, match="closed to the user postfix"):
        Postfix(net.srv, closed).__enter__()
