"""Whatever is done to a mail or a list, reading it raises nothing, takes little, and makes nobody a witness."""

import json
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.blacklist.listfile import FORMS, Listed, detect
from responder.blacklist.mail.candidates import Trust
from responder.blacklist.subject import parse
from tests.blacklist.mail.mails import FORGED, TAKEN, judged, mail
from tests.blacklist.mail.test_feedback import ARF, REPORT, XARF_TEXT
from tests.blacklist.mail.test_message import TWO
from tests.blacklist.test_listfile import CSV, ENTRIES, PLAIN, RBLDNSD, whole
from tests.fuzz.mangling import EXAMPLES, Edits, edits, mangled, patiently

INPUTS = 25  # of each kind in one example
_HTML = "<a href='http://www.spam.example/x?y&amp;z'>hxxp://spam[.]example</a> <!-- x --> koko(at)spam.example"
_XARF = f'--b\nContent-Type: text/plain; name="report.txt"\n\n{XARF_TEXT}'
CAME = [
    FORGED.encode() + b"\n" + TWO,
    mail(FORGED, body=ARF, kind=REPORT),
    mail(headers=["X-ARF: YES"], body=_XARF, kind="multipart/mixed; boundary=b"),
    mail(FORGED, "Return-Path: <x@spam.example>", body=_HTML, kind="text/html; charset=utf-8"),
]
_JSON = (ENTRIES, {"generated": "now", "entries": ENTRIES}, ENTRIES[0])
LISTS = [PLAIN, CSV, RBLDNSD, *(json.dumps(one, indent=1).encode() for one in _JSON)]
_FRAGMENTS = [
    b"\n", b"\n\n", b"\r", b"\r\n", b"\t", b" ", b"\0", b"\xff", b"--b", b"--", b"=", b"=3D", b"<", b">", b"[", b"]",
    b"(", b")", b"{", b"}", b'"', b"'", b"\\", b";", b",", b":", b"@", b"&#", b"&#x", b"<!--", b"-->", b"#", b"!", b"$",
    b"-", b"/", b"9" * 40, b"A" * 300, b"Received: ", b"from [198.51.100.1] ", b"by mx.example.org ", b"helo=",
    b"(unknown [198.51.100.1])", b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: message/rfc822\n\n",
    b"boundary=b", b"charset=utf-16", b"base64", b"http://", b"hxxp[:]//", b"[.]", b"\xe2\x80\xa8", b'"entries":[',
    b"::ffff:198.51.100.1", b"192.0.2.1-", b"2001:db8::/32",
]  # fmt: skip
_EDITS = edits(_FRAGMENTS)
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def some(samples: list[bytes]) -> st.SearchStrategy[list[tuple[bytes, Edits]]]:
    return st.lists(st.tuples(st.sampled_from(samples), _EDITS), min_size=INPUTS, max_size=INPUTS)


@given(some(CAME))
@settings(max_examples=EXAMPLES // 4, suppress_health_check=_QUIET)
def test_no_mail_trips_its_reader(came: list[tuple[bytes, Edits]]) -> None:
    """And below the field that our server wrote, nobody is seen."""
    for sample, changes in came:
        data = TAKEN.encode() + b"\n" + mangled(sample, changes)
        found = patiently(partial(judged, data), data)
        for proposal in found.proposals:
            assert parse(proposal.subject.value) == proposal.subject
            assert proposal.trust is Trust.CLAIMED or proposal.subject.value == "203.0.113.7", data


@given(some(LISTS))
@settings(max_examples=EXAMPLES // 4, suppress_health_check=_QUIET)
def test_no_list_trips_its_reader(given_lists: list[tuple[bytes, Edits]]) -> None:
    """As what it looks like, and as everything that it is not."""
    for sample, changes in given_lists:
        data = mangled(sample, changes)
        assert detect(data) in FORMS
        for form in FORMS:
            items = patiently(partial(whole, data, form), data)
            assert all(parse(item.subject.value) == item.subject for item in items if isinstance(item, Listed)), data
