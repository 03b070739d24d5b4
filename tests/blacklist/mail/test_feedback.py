"""Reports of others say whom they accuse; what they say is a claim."""

import json

import pytest

from tests.blacklist.mail.mails import TAKEN, claimed, judged, mail, seen

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
    assert found.category == "fraud"
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


XARF_TEXT = "Reported-From: abuse@partner.example\nCategory: abuse\nSource-Type: ip-address\nSource: 203.0.113.99\n"
XARF_JSON = json.dumps({"Version": "2", "Report": {"ReportType": "Spam", "SourceIp": "203.0.113.99"}})


@pytest.mark.parametrize(
    ("field", "kind", "report"),
    [
        ("X-ARF: YES", 'text/plain; name="report.txt"', XARF_TEXT),
        ("X-XARF: PLAIN", 'text/plain; name="report.txt"', XARF_TEXT),
        ("X-XARF: PLAIN", "application/json; name=xarf.json", XARF_JSON),
        (
            "X-XARF: PLAIN",
            "application/json",
            json.dumps({"xarf_version": "4.0.0", "source_identifier": "203.0.113.99"}),
        ),
    ],
)
def test_an_xarf_report_accuses_its_source(field: str, kind: str, report: str) -> None:
    body = f"--b\n\nDear colleague\n--b\nContent-Type: {kind}\n\n{report}\n--b--\n"

    found = judged(mail(TAKEN, headers=[field], body=body, kind="multipart/mixed; boundary=b"))

    assert (seen(found), claimed(found)) == ([], {"203.0.113.99"})


@pytest.mark.parametrize("report", ["[" * 50_000, "{", "[]", '{"Report": 5, "SourceIp": ["203.0.113.99"]}', "9" * 5000])
def test_json_that_is_no_report_accuses_nobody(report: str) -> None:
    body = f"--b\nContent-Type: application/json\n\n{report}\n--b--\n"

    assert claimed(judged(mail(headers=["X-XARF: PLAIN"], body=body, kind="multipart/mixed; boundary=b"))) == {
        "friend@spam.example"
    }
