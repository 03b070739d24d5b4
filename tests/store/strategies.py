"""strategies - values as hypothesis makes them, in a small world where networks often overlap."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from responder.decide.tracker import Effect, Judgement
from responder.store.state import Batch, Handled, Lift
from responder.values import Ban, Offence, Position, Prefix, Scope

NOON = 1_800_000_000.0

_BITS = st.tuples(st.integers(0, 7), st.sampled_from([0, 8, 16, 24, 25, 31, 32]))
_WIDE = st.tuples(st.integers(0, 7), st.sampled_from([16, 32, 48, 64, 65, 127, 128]))

prefixes = st.one_of(
    _BITS.map(lambda pick: Prefix.parse(f"198.51.{pick[0] >> 1}.{pick[0]}/{pick[1]}")),
    _WIDE.map(lambda pick: Prefix.parse(f"2001:db8:0:{pick[0] >> 1:x}::{pick[0]:x}/{pick[1]}")),
)
"""Networks of both families, many of which hold another; none is IPv6 and holds the place of IPv4."""

addresses = prefixes.map(lambda prefix: Prefix(prefix.network, 128))
scopes = st.sampled_from([Scope(), Scope("reject"), Scope("drop", (25, 587)), Scope("reject", (22,))])
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
times = st.floats(NOON - 1e7, NOON + 1e7)

offences = st.builds(
    Offence, addresses, words, st.sampled_from(["login", "smtp-probe"]), st.integers(1, 100), times, words
)
bans = st.builds(Ban, prefixes, scopes, words, words, times, times, st.integers(1, 1000), words)
judgements = st.one_of(
    st.builds(
        Judgement, offences, st.sampled_from([effect for effect in Effect if effect is not Effect.BAN]), st.none()
    ),
    st.builds(Judgement, offences, st.just(Effect.BAN), bans),
)
lifts = st.builds(Lift, prefixes, times, words, st.none())
changes = st.one_of(bans, lifts)

tokens = st.integers(0, 9).map(lambda number: f"{number:020d}-1-0123abcd")
responses = st.builds(Handled, tokens, st.sampled_from(["add", "delete"]), prefixes, words)

_NUMBERS = st.integers(0, 2**64 - 1)
_NAMES = st.binary(min_size=1, max_size=20).map(
    lambda raw: "/" + raw.replace(b"\0", b"_").decode(errors="surrogateescape")
)
_POSITION = st.builds(
    Position, _NAMES, _NUMBERS, _NUMBERS, st.integers(0, 2**63 - 1), st.binary(max_size=30), st.binary(max_size=30)
)
_FILES = st.lists(_POSITION, max_size=3, unique_by=lambda at: at[:3]).map(tuple)
positions = st.dictionaries(words, _FILES, max_size=3)
"""Sources and how far each of their files was read; a file name is any bytes, an inode any 64 bits."""

names = st.dictionaries(words, st.lists(addresses, min_size=1, max_size=3, unique=True).map(tuple), max_size=3)
Names = dict[str, tuple[Prefix, ...]]


def judgement(address: str, time: float = NOON, line: str = "a line", effect: Effect = Effect.COUNTED) -> Judgement:
    """Return what became of an offence of *address*."""
    return Judgement(Offence(Prefix.parse(address), "a-rule", "login", 1, time, line), effect)


def batch(judgements: Iterable[Judgement], changes: Iterable[Ban | Lift] = (), **more: Any) -> Batch:
    """Return *judgements* with what they led to, then *changes*, as one batch."""
    made = Batch(**more)
    made.judge(list(judgements))
    made.changes += changes
    return made


def a_ban(prefix: str, start: float = NOON, seconds: float = 3600.0) -> Ban:
    """Return a ban of *prefix*."""
    return Ban(Prefix.parse(prefix), Scope(), "login", "a-rule", start, start + seconds, 1, "15 offences")
