"""Reports of others say whom they accuse; what they say is a claim."""

import json

import pytest

from responder.notices import xarf
from responder.notices.couriers import of_ban
from tests.blacklist.mail.mails import TAKEN, claimed, judged, mail, seen
from tests.notices.samples import a_ban, told

ARF = """This is a report.
--b
Content-Type: text/plain

A user of ours complained about http://outer.example/
--b
Content-Type: message/feedback-report

Feedback-Type: fraud
User-Agent: SomeTool/1.0
Version: 1
Source-IP: 203.0.113.99
Original-Mail-From: <bounce@spam.example>
Reported-Domain: spam.example
Reported-URI: http://spam.example/buy
Arrival-Date: Mon, 23 Nov 2026 13:00:00 +0100
--b
Content-Type: message/rfc822

Received: from x (unknown [203.0.113.98]) by mx.example.org (Postfix) with SMTP id 1; x
From: inner@spam.example
To: user@example.org

buy at http://spam.example/shop
--b--
"""
REPORT = 'multipart/report; report-type=feedback-report; boundary="b"'


def test_an_arf_report_accuses_whom_it_names_and_not_who_sent_it() -> None:
    found = judged(mail(TAKEN, body=ARF, kind=REPORT))

    assert seen(found) == []
    assert claimed(found) == {
        *("203.0.113.99", "bounce@spam.example", "spam.example", "http://spam.example/buy"),
        *("203.0.113.98", "inner@spam.example", "http://spam.example/shop"),
    }
    assert (found.category, found.time) == ("fraud", NOON_AT)
    assert any("not who delivered it" in note for note in found.notes)


def test_a_received_field_in_an_attached_mail_is_never_seen_by_us() -> None:
    """Anybody can attach a mail that our server never had."""
    body = ARF.replace("message/feedback-report", "text/plain")

    found = judged(mail(TAKEN, body=body, kind="multipart/mixed; boundary=b"))

    assert seen(found) == ["203.0.113.7"]
    assert "203.0.113.98" in claimed(found)
    assert any("passed it on in good faith" in note for note in found.notes)


def test_a_bounce_is_about_the_mail_in_it() -> None:
    body = ARF.replace("message/feedback-report", "message/delivery-status")

    found = judged(mail(TAKEN, body=body, kind="multipart/report; report-type=delivery-status; boundary=b"))

    assert seen(found) == []
    assert claimed(found) == {"203.0.113.98", "inner@spam.example", "http://spam.example/shop", "spam.example"}


def test_a_report_about_nothing_is_a_mail_like_any_other() -> None:
    """To call it a report is not enough to hide behind."""
    assert seen(judged(mail(TAKEN, body="--b\n\nbuy!\n--b--\n", kind=REPORT))) == ["203.0.113.7"]


XARF_TEXT = (
    "Reported-From: abuse@partner.example\nCategory: abuse\nReport-Type: Spam\nDate: Mon, 23 Nov 2026 13:00:00 +0100\n"
    "Source-Type: ip-address\nSource: 203.0.113.99\n"
)
NOON_AT = 1_795_435_200.0
NOON = "2026-11-23T12:00:00Z"
XARF_JSON = json.dumps(
    {
        "Version": "2",
        "Report": {"ReportClass": "Content", "ReportType": "Spam", "SourceIp": "203.0.113.99", "Date": NOON},
    }
)
XARF_4 = json.dumps(
    {
        "xarf_version": "4.0.0",
        "category": "messaging",
        "type": "spam",
        "timestamp": NOON,
        "source_identifier": "203.0.113.99",
    }
)


@pytest.mark.parametrize(
    ("field", "kind", "report"),
    [
        ("X-ARF: YES", 'text/plain; name="report.txt"', XARF_TEXT),
        ("X-XARF: PLAIN", 'text/plain; name="report.txt"', XARF_TEXT),
        ("X-XARF: PLAIN", "application/json; name=xarf.json", XARF_JSON),
        ("X-XARF: PLAIN", "application/json", XARF_4),
    ],
)
def test_an_xarf_report_accuses_its_source(field: str, kind: str, report: str) -> None:
    body = f"--b\n\nDear colleague\n--b\nContent-Type: {kind}\n\n{report}\n--b--\n"

    found = judged(mail(TAKEN, headers=[field], body=body, kind="multipart/mixed; boundary=b"))

    assert (seen(found), claimed(found)) == ([], {"203.0.113.99"})
    assert (found.category, found.time) == ("spam", NOON_AT)
    assert [one.evidence for one in found.proposals] == [f"203.0.113.99, at {NOON}"]


@pytest.mark.parametrize(
    ("prefix", "policy", "category"),
    [
        ("203.0.113.99", "login", "login-attack"),
        ("2a01:4f8::/64", "smtp-probe", "attack"),
        ("45.10.0.0/24", "login", "login-attack"),
    ],
)
def test_the_reports_that_we_send_are_read_back(prefix: str, policy: str, category: str) -> None:
    """Whom, what and when; not who sent it, nor what hostile log lines name."""
    evil = "sshd[1]: Failed password for root from 203.0.113.7, see http://spam.example/ \nSource: 198.51.100.1"
    notice = of_ban(a_ban(prefix, policy=policy), "mx", evidence=(evil,))
    sent = xarf.report(told(kind="mail", sender="responder@mx.example.org", to=["abuse@isp.example"]), notice)

    found = judged(sent.as_bytes())

    assert claimed(found) == {prefix}
    assert (found.category, found.time) == (category, NOON_AT)


@pytest.mark.parametrize(
    "when", ["", "yesterday", "9999-12-31T23:59:59Z", "0001-01-01", "Mon, 99 Nov 2026 25:00:00 +9999"]
)
def test_a_time_that_makes_no_sense_is_none(when: str) -> None:
    report = XARF_TEXT.replace("Mon, 23 Nov 2026 13:00:00 +0100", when)
    body = f'--b\nContent-Type: text/plain; name="report.txt"\n\n{report}\n--b--\n'

    found = judged(mail(headers=["X-ARF: YES"], body=body, kind="multipart/mixed; boundary=b"))

    assert (claimed(found), found.time) == ({"203.0.113.99"}, None)


@pytest.mark.parametrize("report", ["[" * 50_000, "{", "[]", '{"Report": 5, "SourceIp": ["203.0.113.99"]}', "9" * 5000])
def test_json_that_is_no_report_accuses_nobody(report: str) -> None:
    body = f"--b\nContent-Type: application/json\n\n{report}\n--b--\n"

    assert claimed(judged(mail(headers=["X-XARF: PLAIN"], body=body, kind="multipart/mixed; boundary=b"))) == {
        "friend@spam.example"
    }
