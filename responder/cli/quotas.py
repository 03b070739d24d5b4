"""quotas - the database of quotas as the commands reach it, and what they tell of one account."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from responder import config as configuration
from responder.cli.output import say, table
from responder.errors import UsageError
from responder.limits import size
from responder.quota import counters, reports
from responder.quota.quota import Quota, ready
from responder.times import format_duration, format_time
from responder.whereabouts import find


class Books(NamedTuple):
    """What the settings say, and the database beside them."""

    engine: sa.Engine
    quotas: tuple[Quota, ...]
    now: float

    def named(self, name: str) -> str:
        """Return *name*, which is that of a quota or empty."""
        known = [quota.name for quota in self.quotas]
        if name and name not in known:
            raise UsageError(f"there is no quota {name!r}; there are {', '.join(known) or 'none'}")
        return name


@contextmanager
def opened(config: Path | None) -> Iterator[Books]:
    """Give the database of *config*, and the time."""
    settings = configuration.load(find(config)).settings
    engine = counters.connect(counters.url(settings.policyd.database, settings.state))
    try:
        yield Books(engine, ready(settings.quota), time.time())
    finally:
        engine.dispose()


def known(books: Books, key: str) -> dict[str, Any]:
    """Return all that is known about *key*, as JSON has it."""
    found = reports.known(books.engine, books.quotas, key, books.now)
    return {
        "key": key,
        "used": [usage(one) for one in found.used],
        "refused": [one._asdict() | {"within": format_duration(one.within)} for one in found.refused],
        "overrides": [one._asdict() | {"since": format_time(one.since)} for one in found.overrides],
        "suspensions": [
            one._asdict() | {"since": format_time(one.since), "until": one.until and format_time(one.until)}
            for one in found.suspensions
        ],
    }


def anything(answer: dict[str, Any]) -> bool:
    """Tell whether `known` found anything."""
    return any(answer[what] for what in ("used", "refused", "overrides", "suspensions"))


def tell(answer: dict[str, Any]) -> None:
    """Say what `known` found."""
    for one in answer["suspensions"]:
        where = f" under {one['quota']}" if one["quota"] else ""
        say(f"{one['key']} is suspended{where} until {one['until'] or 'resumed'}: {one['reason']}")
        say(f"    since {one['since']}, by {'its quota' if one['by'] == 'quota' else one['by']}")
    for one in answer["overrides"]:
        where = f" under {one['quota']}" if one["quota"] else ""
        say(f"limits of its own{where}: {', '.join(one['limits'])} (by {one['by']}, {one['since']})")
    for one in answer["refused"]:
        say(f"{one['messages']} messages refused under {one['quota']} in the last {one['within']}")
    table(
        ("QUOTA", "LIMIT", "USED", "%", "WARNED AT"),
        (
            (one["quota"], one["limit"], one["used"], one["percent"], f"{one['warned']} %" if one["warned"] else "-")
            for one in answer["used"]
        ),
    )


def usage(one: reports.Usage) -> dict[str, Any]:
    """Return what is used of a limit, as JSON has it."""
    return {
        "quota": one.quota,
        "key": one.key,
        "limit": str(one.part.limit),
        "what": one.part.limit.what,
        "within": format_duration(one.part.within),
        "used": one.used,
        "most": one.part.most,
        "percent": round(100 * one.share),
        "warned": one.warned,
    }


def amount(one: reports.Usage) -> str:
    """Return what is used of a limit, as people read it."""
    return size(one.used) if one.part.limit.what == "bytes" else f"{one.used:,}"
