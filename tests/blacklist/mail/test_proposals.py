"""From a mail follows who sent it, what it advertises, and how far that can be believed."""

from responder.blacklist.mail.border import Trusted
from responder.blacklist.mail.candidates import MOST, Trust
from responder.blacklist.mail.exempt import Exempt, names
from responder.blacklist.mail.proposals import MOST_HOPS, Reading
from responder.blacklist.values import Kind
from tests.blacklist.mail.mails import FORGED, TAKEN, claimed, judged, mail, seen

LINKS = "Buy at http://www.spam.example/x and https://shop.spam.example/, or write to koko@spam.example"


def test_a_mail_gives_its_client_its_senders_and_its_links() -> None:
    data = mail(
        "Return-Path: <bounce@spam.example>", TAKEN, headers=["Reply-To: Koko <answers@spam.example>"], body=LINKS
    )

    found = judged(data)

    assert seen(found) == ["203.0.113.7"]
    assert found.proposals[0].evidence.startswith("Received: from client.spam.example (unknown [203.0.113.7]) by mx")
    assert claimed(found) == {
        *("bounce@spam.example", "friend@spam.example", "answers@spam.example", "koko@spam.example"),
        *("http://www.spam.example/x", "https://shop.spam.example/", "spam.example", "shop.spam.example"),
    }
    why = {proposal.subject.value: proposal.why for proposal in found.proposals}
    assert "the client told the last server" in why["bounce@spam.example"]
    assert "in From" in why["friend@spam.example"]
    assert why["spam.example"] == "the host of a URL in the text"


def test_what_lies_below_the_border_is_unconfirmed() -> None:
    found = judged(mail(TAKEN, FORGED))

    assert seen(found) == ["203.0.113.7"]
    assert "198.51.100.1" in claimed(found)
    assert (found.border.believed, found.border.seen) == (1, 0)


def test_private_addresses_are_nobodys() -> None:
    """Seen or claimed."""
    data = mail(TAKEN.replace("203.0.113.7", "10.0.0.7"), body="http://192.168.1.1/ http://[fe80::1]/x http://[::1]/")

    found = judged(data)

    assert seen(found) == []
    assert claimed(found) == {"friend@spam.example"}
    assert "10.0.0.7 is not proposed: private" in found.notes
    assert "192.168.1.1 is not proposed: private" in found.notes


def test_what_is_ours_or_allowlisted_is_left_out_and_told() -> None:
    body = "http://example.org/a http://www.example.org/ x@lists.example.org http://192.0.2.25/ http://notexample.org/"

    found = judged(mail(TAKEN, body=body))

    assert claimed(found) == {"friend@spam.example", "http://notexample.org/", "notexample.org"}
    for value in ("http://example.org/a", "http://www.example.org/", "x@lists.example.org", "192.0.2.25"):
        assert f"{value} is not proposed: your own or allowlisted" in found.notes


def test_of_a_well_known_domain_single_pages_and_people_are_proposed() -> None:
    found = judged(mail(body="http://pages.wellknown.example/spam koko@wellknown.example"))

    assert claimed(found) == {"friend@spam.example", "http://pages.wellknown.example/spam", "koko@wellknown.example"}
    assert "pages.wellknown.example is not proposed: well known, and serves many" in found.notes


def test_who_got_the_mail_did_not_send_it() -> None:
    headers = ["Cc: Other <other@elsewhere.example>", "Delivered-To: third@elsewhere.example"]

    found = judged(mail(headers=headers, body="Dear Other@elsewhere.example, third@elsewhere.example!"))

    assert claimed(found) == {"friend@spam.example"}
    assert "third@elsewhere.example is not proposed: an addressee" in found.notes


def test_a_display_name_is_nobodys_address() -> None:
    sender = 'Sender: "service@bank.example <service@bank.example>" (boss@bank.example) <koko@spam.example>'

    assert claimed(judged(mail(headers=[sender]))) == {"friend@spam.example", "koko@spam.example"}


def test_what_is_named_often_is_proposed_once() -> None:
    found = judged(
        mail(TAKEN, FORGED, FORGED, body="http://SPAM.example http://spam.example/ http://spam.example:80/#x")
    )

    values = [proposal.subject.value for proposal in found.proposals]
    assert len(values) == len(set(values))
    assert values.count("http://spam.example/") == 1


def test_a_client_that_is_also_claimed_stays_seen() -> None:
    found = judged(mail(TAKEN, TAKEN, body="http://203.0.113.7/"))

    assert seen(found) == ["203.0.113.7"]
    assert "203.0.113.7" not in claimed(found)


def test_the_number_of_proposals_is_bounded() -> None:
    """And that there were more is noted."""
    body = " ".join(f"http://{n}.spam.example/{n} k{n}@spam.example" for n in range(3000))
    hops = [FORGED.replace("198.51.100.1]", f"198.51.100.{n}]") for n in range(200)]

    found = judged(mail(TAKEN, *hops, body=body))

    for kind in (Kind.ADDRESS, Kind.EMAIL, Kind.DOMAIN, Kind.URL):
        assert sum(proposal.subject.kind is kind for proposal in found.proposals) == MOST[kind]
        assert any(f"more than {MOST[kind]} of kind {kind}" in note for note in found.notes)
    assert len(found.hops) == MOST_HOPS
    assert f"only the newest {MOST_HOPS} of 201 Received fields were read" in found.notes


def test_without_settings_all_is_claimed() -> None:
    found = judged(mail(TAKEN, FORGED), Reading())

    assert seen(found) == []
    assert {"203.0.113.7", "198.51.100.1"} <= claimed(found)
    assert any("no server of yours is named" in note for note in found.notes)


def test_a_client_that_is_allowlisted_is_not_proposed() -> None:
    trusted = Trusted.parse(["mx.example.org"])
    exempt = Exempt(Trusted.parse(["203.0.113.0/24"]).networks, names([]), names([]))

    assert judged(mail(TAKEN), Reading(trusted, exempt)).proposals[0].trust is Trust.CLAIMED
