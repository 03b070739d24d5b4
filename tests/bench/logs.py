"""logs - the generated mail logs that several parts read, each written once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tests.lab import maillog, mailwords

SHARES = (0.1, 0.5)
"""Of lines that are offences: a bad day, and an hour under attack."""


def log(folder: Path, lines: int, share: float) -> Path:
    """Return a log of *lines* lines, *share* of them offences."""
    path = folder / f"mail-{lines}-{share:.0%}.log".replace("%", "")
    if not path.exists():
        begun = path.with_suffix(".begun")
        maillog.write(begun, lines, maillog.Mix(offences=share))
        begun.replace(path)
    return path


def beginning(path: Path, lines: int) -> Path:
    """Return a log of the first *lines* lines of the one at *path*."""
    shorter = path.with_name(f"{path.stem}-first-{lines}.log")
    if not shorter.exists():
        begun = shorter.with_suffix(".begun")
        with path.open("rb") as whole, begun.open("wb") as file:
            file.writelines(islice(whole, lines))
        begun.replace(shorter)
    return shorter


def attack(folder: Path, lines: int, attackers: int) -> Path:
    """Return a log of *lines* offences in which *attackers* take turns, each always with the same kind of offence."""
    path = folder / f"attack-{lines}-{attackers}.log"
    if not path.exists():
        begun = path.with_suffix(".begun")
        with begun.open("w") as file:
            file.writelines(_offences(lines, attackers))
        begun.replace(path)
    return path


def _offences(lines: int, attackers: int) -> Iterator[str]:
    kinds = list(mailwords.OFFENCES)
    for number in range(lines):
        who, at = number % attackers, datetime.fromtimestamp(maillog.START + maillog.DAY * number / lines, UTC)
        kind = kinds[who // 5 % len(kinds)]  # every fifth is on IPv6
        yield f"{at:%b %e %H:%M:%S} mx {kind(maillog.attacker(who), number)}\n"
