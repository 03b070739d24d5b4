"""proposals - what a reported mail gives reason to list: who sent it, and what it advertises.

    seen by our server   the client from which the first of our servers took the mail, and nothing else
    claimed              senders, links, texts, what reports accuse, Received fields below that: anybody can write those

A report or a bounce is about the mail in it: who delivered it is not proposed.
A mail that was attached is the word of whoever attached it, so all in it is claimed.

Pure, and raises nothing, whatever is in the bytes.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from responder.blacklist.mail import border, feedback, links, message, received
from responder.blacklist.mail.border import Border, Trusted
from responder.blacklist.mail.candidates import Candidates, Proposal, Trust
from responder.blacklist.mail.exempt import Exempt
from responder.blacklist.mail.feedback import Report
from responder.blacklist.mail.message import Message
from responder.blacklist.mail.pasted import unpaste
from responder.blacklist.mail.received import Hop
from responder.blacklist.values import Kind
from responder.times import format_time

MOST_HOPS = 100
"""How many Received fields are read; RFC 5321 has servers take a mail with more for one that loops."""

_SENDERS = (
    ("return-path", "envelope sender: what the client told the last server, true or not"),
    ("sender", "in Sender, which the writer chose"),
    ("from", "in From, which the writer chose"),
    ("reply-to", "in Reply-To: where answers go, so somebody may read there"),
)
_ADDRESSEES = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to")
_QUOTED = re.compile(r'"[^"]*"|\([^()]*\)')
_ANGLE = re.compile(r"<([^<>\s]{3,320})>")
_BARE = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_LONGEST = 2_000
_MOST_SENDERS = 5
_MOST_ADDRESSEES = 1_000


class Reading(NamedTuple):
    """What must be known to judge a mail: which servers are ours, and what is not proposed."""

    trusted: Trusted = Trusted()
    exempt: Exempt = Exempt()


class Findings(NamedTuple):
    """What a mail gives: proposals, its hops from the newest, how far they are believed, and notes.

    *category* and *time* are what a report in it says of what was done and when, nothing and None where none does.
    """

    proposals: tuple[Proposal, ...]
    hops: tuple[Hop, ...]
    border: Border
    category: str
    time: float | None
    notes: tuple[str, ...]


def read(data: bytes, reading: Reading) -> Findings:
    """Return what the mail *data* gives, piped or pasted."""
    pasted = unpaste(data)
    mail, trouble = message.read(pasted.data)
    fields = mail.header.all("received")
    hops = tuple(received.read(value) for value in fields[:MOST_HOPS])
    found = border.find(hops, reading.trusted)
    every = tuple(_every(mail))
    candidates = Candidates(reading.exempt, frozenset(_addressees(every)))
    for note in (*pasted.notes, *trouble, found.note):
        candidates.note(note)
    if len(fields) > MOST_HOPS:
        candidates.note(f"only the newest {MOST_HOPS} of {len(fields)} Received fields were read")
    reports = tuple(report for one in every for report in feedback.reports(one))
    _gather(candidates, every, reports, hops, found)
    category = next((report.category for report in reports if report.category), "")
    when = next((report.time for report in reports if report.time is not None), None)
    return Findings(candidates.proposals(), hops, found, category, when, candidates.notes())


def _gather(
    candidates: Candidates, every: tuple[Message, ...], told: tuple[Report, ...], hops: tuple[Hop, ...], found: Border
) -> None:
    """Offer all that the mail and those attached to it name, and what reports in it told, the surest first."""
    mail, attached = every[0], every[1:]
    reports = feedback.is_report(mail) and bool(attached or any(report.accused for report in told))
    if reports:
        candidates.note("this is a report or a bounce; what it is about is proposed, and not who delivered it")
    elif found.seen is not None:
        _offer_hop(candidates, hops[found.seen], Trust.SEEN, "sent the mail to our server")
        if attached:
            candidates.note("a mail is attached; whoever sent the outer one may have passed it on in good faith")
    for report in told:
        when = "" if report.time is None else f", at {format_time(report.time)}"
        for text, field in report.accused:
            candidates.offer(text, Trust.CLAIMED, f"accused by a report ({field})", text + when)
    for hop in () if reports else hops[found.believed :]:
        _offer_hop(candidates, hop, Trust.CLAIMED, "in a Received field that may be forged")
    for value in (value for one in attached for value in one.header.all("received")[:MOST_HOPS]):
        _offer_hop(candidates, received.read(value), Trust.CLAIMED, "in a Received field of an attached mail")
    for one in attached if reports else every:
        _offer_senders(candidates, one)
    for one in attached if reports else every:
        _offer_links(candidates, one)


def _every(mail: Message) -> Iterator[Message]:
    """Yield *mail* and every mail attached to it, however deep."""
    yield mail
    for attached in mail.attached:
        yield from _every(attached)


def _offer_hop(candidates: Candidates, hop: Hop, trust: Trust, why: str) -> None:
    if hop.address:
        candidates.offer(str(hop.address), trust, why, f"Received: {hop.line}")


def _offer_links(candidates: Candidates, mail: Message) -> None:
    for link in (link for part in mail.parts for link in links.find(part)):
        if link.kind == "url":
            candidates.offer_url(link.text, link.why)
        else:
            candidates.offer(link.text, Trust.CLAIMED, link.why, link.text, Kind(link.kind))


def _offer_senders(candidates: Candidates, mail: Message) -> None:
    for name, why in _SENDERS:
        for value in mail.header.all(name)[:_MOST_SENDERS]:
            for address in _addresses(value)[:_MOST_SENDERS]:
                candidates.offer(address, Trust.CLAIMED, why, f"{name.title()}: {value}", Kind.EMAIL)


def _addressees(mails: tuple[Message, ...]) -> Iterator[str]:
    """Yield who the mails were sent to: those that get spam are not those that send it."""
    left = _MOST_ADDRESSEES
    for mail in mails:
        for name in _ADDRESSEES:
            for value in mail.header.all(name)[:left]:
                left -= 1
                yield from (address.lower() for address in _addresses(value))


def _addresses(value: str) -> list[str]:
    """Return the e-mail addresses in a header field: those in angle brackets, else bare ones; no display names."""
    bare = _QUOTED.sub(" ", value[:_LONGEST])
    return _ANGLE.findall(bare) or _BARE.findall(bare)
