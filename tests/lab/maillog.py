"""maillog - a seeded mail log as a busy host writes it: Postfix, Dovecot and sshd, mixed.

Lines are in the services' own words, in order of time, with RFC 3164 stamps in
UTC.  A share of them are offences by a number of attackers, a fifth of these on
IPv6, each in a /64 of its own.  The rest is innocent traffic of other addresses:
mail taken and delivered, users fetching theirs, administrators logging in.  The
same arguments give the same lines.

    for line in maillog.lines(1_000_000, offences=0.1): ...

About 350,000 lines a second.

Falls short: a session's lines do not belong together, and every innocent line
is independent of the one before it.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tests.lab import mailwords as words

DAY = 86400.0
START = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


class Mix(NamedTuple):
    """What goes into a log: the share of *offences*, *attackers*, *span* seconds from *start*, the *host*."""

    offences: float = 0.1
    attackers: int = 5000
    span: float = DAY
    start: float = START
    host: str = "mx"
    seed: int = 1


def attacker(number: int) -> str:
    """Return the address of attacker *number*, from 0 to 16,777,215: every fifth is on IPv6, no two are the same.

    The first 131,072 lie in the networks of the lab, so that a lab's host can carry them.
    """
    if number % 5 == 4:
        return f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::bad"
    if number >> 17:
        return f"10.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}.{number & 0xFF}"
    return f"198.{19 - (number >> 16 & 1)}.{number >> 8 & 0xFF}.{number & 0xFF}"


def innocent(number: int) -> str:
    """Return the address of innocent client *number*; every fifth is on IPv6."""
    if number % 5 == 4:
        return f"2001:db8:ffff:{number & 0xFFFF:x}::1"
    return f"203.0.113.{number % 254 + 1}"


def lines(count: int, mix: Mix = Mix()) -> Iterator[bytes]:  # noqa: B008 - a Mix never changes
    """Yield *count* lines, each with its newline."""
    choose = random.Random(mix.seed)
    attackers = [attacker(number) for number in range(mix.attackers)]
    friends = [innocent(number) for number in range(2000)]
    bad, good = words.OFFENCES, words.TRAFFIC
    bad_odds, good_odds = list(accumulate(bad.values())), list(accumulate(good.values()))
    bad_kinds, good_kinds = list(bad), list(good)
    random_, step, at, second, stamp = choose.random, mix.span / max(count, 1), mix.start, -1, ""
    for _ in range(count):
        if int(at) != second:
            second = int(at)
            stamp = f"{datetime.fromtimestamp(second, UTC):%b %e %H:%M:%S} {mix.host} "
        at += step
        if random_() < mix.offences:
            kind = choose.choices(bad_kinds, cum_weights=bad_odds)[0]
            address = attackers[int(random_() * len(attackers))]
        else:
            kind = choose.choices(good_kinds, cum_weights=good_odds)[0]
            address = friends[int(random_() * len(friends))]
        number = int(random_() * 1_000_000)
        yield f"{stamp}{kind(address, number)}\n".encode()


def write(path: Path, count: int, mix: Mix = Mix()) -> None:  # noqa: B008
    """Write *count* lines to *path*."""
    with path.open("wb") as log:
        log.writelines(lines(count, mix))
