"""shown - bans and offences as the control socket tells of them: names, texts and numbers, no values of ours."""

from collections.abc import Iterable, Mapping
from typing import Any

from responder.daemon.logs import Log
from responder.decide.silence import Silent
from responder.decide.tracker import Judgement
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced
from responder.sources import JournalSource, Receiver
from responder.store.state import PastBan
from responder.times import DAY, format_time
from responder.values import Ban

Shown = dict[str, Any]


def ban(one: Ban, now: float) -> Shown:
    """Return *one*."""
    return {
        "prefix": str(one.prefix),
        "scope": str(one.scope),
        "policy": one.policy,
        "rule": one.rule,
        "start": format_time(one.start),
        "expires": format_time(one.expires),
        "seconds_left": max(0, round(one.expires - now)),
        "nth": one.nth,
        "reason": one.reason,
    }


def enforced(one: Ban, now: float, held: Enforced | None) -> Shown:
    """Return *one*, with what it stopped where the firewall told."""
    return {**ban(one, now), **(_stopped(held) if held else {"packets": None, "bytes": None, "last": None})}


def past(one: PastBan, now: float, *, in_force: bool) -> Shown:
    """Return a ban of the past, or one *in_force*, with what became of it."""
    if one.ended is not None:
        state = f"lifted by {one.ended_by} at {format_time(one.ended)}"
    elif one.ban.expires <= now:
        state = "over"
    else:
        state = "in force" if in_force else "followed by one that lasts longer"
    return {**ban(one.ban, now), "state": state}


def offence(judgement: Judgement) -> Shown:
    """Return an offence with what it led to."""
    one = judgement.offence
    return {
        "time": format_time(one.time),
        "address": str(one.address),
        "rule": one.rule,
        "policy": one.policy,
        "effect": judgement.effect.value,
        "line": one.line,
    }


def silent(one: Silent) -> Shown:
    """Return what fell silent: a rule, or a whole source (no rule)."""
    last = format_time(one.last * DAY)[:10]
    return {"source": one.source, "rule": one.rule or None, "matched": one.matched, "of_days": one.span, "last": last}


def source(log: Log) -> Shown:
    """Return how a source fares: its *files*, or its *journal*, or what it *received*; the others are empty."""
    followed = log.source
    journal = followed.status()._asdict() if isinstance(followed, JournalSource) else None
    received = followed.status()._asdict() if isinstance(followed, Receiver) else None
    for one in filter(None, (journal, received)):
        one["last"] = format_time(one["last"]) if one["last"] else None
    return {
        "path": log.settings.name,
        "lines": log.lines,
        "offences": log.offences,
        "format": log.settings.format,
        "alerts_unreadable": log.unreadable,
        "alerts_doubtful": log.doubtful,
        "stamps_ahead": log.ahead,
        "stamps_behind": log.behind,
        "stamps_unreadable": log.stamps.unreadable,
        "worst_skew": round(log.worst_skew),
        "files": [status._asdict() for status in log.files],
        "journal": journal,
        "received": received,
    }


def kernel(held: Mapping[Target, Enforced]) -> list[Shown]:
    """Return what the firewall holds, the ones that end first on top."""
    rows: Iterable[tuple[Target, Enforced]] = sorted(held.items(), key=lambda item: item[1].expires)
    return [
        {
            "prefix": str(target.prefix),
            "scope": str(target.scope),
            "expires": format_time(enforced.expires),
            **_stopped(enforced),
        }
        for target, enforced in rows
    ]


def _stopped(enforced: Enforced) -> Shown:
    return {
        "packets": enforced.packets,
        "bytes": enforced.octets,
        "last": format_time(enforced.last) if enforced.last else None,
    }
