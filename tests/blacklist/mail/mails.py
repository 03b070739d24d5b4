"""mails - mails to read, written for the tests: what servers add on top, and what came with them."""

from collections.abc import Sequence

from responder.blacklist.mail.border import Trusted
from responder.blacklist.mail.candidates import Trust
from responder.blacklist.mail.exempt import Exempt, names
from responder.blacklist.mail.proposals import Findings, Reading, read

OURS = Trusted.parse(["mx.example.org", "192.0.2.25", "2001:db8:25::/48"])
_EXEMPT = Exempt(OURS.networks, names(["example.org"]), names(["wellknown.example"]))
READING = Reading(OURS, _EXEMPT)

TAKEN = """Received: from client.spam.example (unknown [203.0.113.7])
\tby mx.example.org (Postfix) with ESMTP id 4YQk8v2bXyz1
\tfor <user@example.org>; Fri, 17 Jul 2026 03:12:45 +0200 (CEST)"""
"""What our server says of a mail from 203.0.113.7."""

FORGED = """Received: from victim.example (victim.example [198.51.100.1])
\tby mx.example.org (Postfix) with ESMTP id 4YQk8v2bXyz2
\tfor <user@example.org>; Fri, 17 Jul 2026 03:12:40 +0200 (CEST)"""
"""What looks the same, and came with the mail."""


def mail(*above: str, headers: Sequence[str] = (), body: str | bytes = "Hello\n", kind: str = "") -> bytes:
    """Return a mail: the fields *above*, From and To, *headers*, and a body of the media type *kind*."""
    usual = ["From: Friend <friend@spam.example>", "To: user@example.org", "Subject: hello"]
    content = [f"Content-Type: {kind}"] if kind else []
    head = "\n".join([*above, *usual, *headers, *content, "", ""]).encode()
    return head + (body if isinstance(body, bytes) else body.encode())


def judged(data: bytes, reading: Reading = READING) -> Findings:
    return read(data, reading)


def seen(found: Findings) -> list[str]:
    """Return what our server saw itself."""
    return [proposal.subject.value for proposal in found.proposals if proposal.trust is Trust.SEEN]


def claimed(found: Findings) -> set[str]:
    """Return what is only claimed."""
    return {proposal.subject.value for proposal in found.proposals if proposal.trust is Trust.CLAIMED}
