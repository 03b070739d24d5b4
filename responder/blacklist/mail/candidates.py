"""candidates - Proposals while they are gathered: each once, so many of a kind, the exempt left out with a note."""

from collections import Counter
from enum import StrEnum
from typing import NamedTuple

from responder.blacklist.mail.exempt import Exempt, host_of
from responder.blacklist.subject import parse
from responder.blacklist.values import Kind, Subject

MOST = {Kind.ADDRESS: 20, Kind.NETWORK: 5, Kind.EMAIL: 20, Kind.DOMAIN: 50, Kind.URL: 100}
"""How many of each kind are proposed from one mail."""

_MOST_NOTES = 50
_MOST_LOOKED = 5_000
_LONGEST_EVIDENCE = 300
_LONGEST = 2_048


class Trust(StrEnum):
    """Who says so: our own server, or text that anybody can write."""

    SEEN = "seen by our server"
    CLAIMED = "claimed"


class Proposal(NamedTuple):
    """What may be reported: *why* says what it did in the mail, *evidence* is the line or text that names it."""

    subject: Subject
    trust: Trust
    why: str
    evidence: str


class Candidates:
    """Gathers proposals: the first word on a subject counts, so offer what is sure before what is claimed."""

    def __init__(self, exempt: Exempt, addressees: frozenset[str]) -> None:
        self._exempt, self._addressees = exempt, addressees
        self._found: dict[Subject, Proposal] = {}
        self._left = dict(MOST)
        self._looked: Counter[Kind | None] = Counter()
        self._notes: dict[str, None] = {}

    def offer(self, text: str, trust: Trust, why: str, evidence: str, kind: Kind | None = None) -> Subject | None:
        """Propose what *text* names; return it, or None where it names nothing that can be listed."""
        self._looked[kind] += 1
        if self._looked[kind] > _MOST_LOOKED or len(text) > _LONGEST:
            self.note("not all that the mail names was looked at: there is too much of it")
            return None
        try:
            subject = parse(text, kind)
        except ValueError:
            return None
        if subject not in self._found:
            self._judge(Proposal(subject, trust, why, " ".join(evidence[:_LONGEST_EVIDENCE].split())))
        return subject

    def offer_url(self, text: str, why: str) -> None:
        """Propose a URL as it is, and the host in it: a domain without its www, or an address."""
        subject = self.offer(text, Trust.CLAIMED, why, text, Kind.URL)
        if subject:
            host = host_of(subject)
            bare = host.removeprefix("www.")
            self.offer(bare if "." in bare else host, Trust.CLAIMED, f"the host of {why}", text)

    def note(self, text: str) -> None:
        """Remember *text* for the reader of the proposals, once."""
        if len(self._notes) < _MOST_NOTES:
            self._notes[text] = None

    def proposals(self) -> tuple[Proposal, ...]:
        """Return what was gathered, what our server saw first."""
        return tuple(sorted(self._found.values(), key=lambda proposal: proposal.trust is not Trust.SEEN))

    def notes(self) -> tuple[str, ...]:
        """Return what is to be noted."""
        return tuple(self._notes)

    def _judge(self, proposal: Proposal) -> None:
        subject = proposal.subject
        why_not = "an addressee" if subject.value.lower() in self._addressees else self._exempt.why(subject)
        if why_not:
            self.note(f"{subject.value} is not proposed: {why_not}")
        elif self._left[subject.kind] == 0:
            self.note(f"more than {MOST[subject.kind]} of kind {subject.kind} are named; the rest is not proposed")
        else:
            self._left[subject.kind] -= 1
            self._found[subject] = proposal
