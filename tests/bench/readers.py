"""readers - the programs that read the same mail log side by side: ours with all its rules, and what Debian has.

What each of them does is not the same: fail2ban-regex judges by one filter and SSHGuard's
sshg-parser by what is compiled into it, and neither decides on bans; ripgrep only counts lines.
The slow ones are given the beginning of the log alone, as lines a second are compared.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench import crowdsec, debian

_WORDS = (
    "User unknown", "Relay access denied", "authentication failed", "auth failed",
    "Failed password", "Invalid user", "too many errors", "Connection reset",
)  # fmt: skip
_MATCHED = re.compile(rb"(\d+) matched")


class Reader(NamedTuple):
    """A program: its *name*, how it is called to read a log, and how many lines its output says it *found*.

    It is given one in *part* of the lines.  There is no *found* where a program does not say.
    """

    name: str
    command: Callable[[Path], tuple[str | Path, ...]]
    found: Callable[[bytes], int] | None
    part: int = 1


def ours(folder: Path) -> Reader:
    """Return `responder scan` with the rules it ships; what it keeps lies in *folder*."""
    config = folder / "responder.toml"
    config.write_text(f"state = {json.dumps(str(folder))}\n")
    words = (sys.executable, "-m", "responder", "scan", "--config", config, "--timezone", "UTC", "--json")
    return Reader("responder scan", lambda log: (*words, log), lambda output: int(json.loads(output)["offences"]))


@contextmanager
def theirs(folder: Path) -> Iterator[list[Reader]]:
    """Yield the others, the fastest first; CrowdSec has a folder of its own in *folder*."""
    root = debian.unpacked("ripgrep", "sshguard", "fail2ban")
    patterns = [word for text in _WORDS for word in ("-e", text)]
    place = folder / "crowdsec"
    place.mkdir()
    with crowdsec.agent(place) as agent:
        yield [
            Reader(
                f"ripgrep, {len(_WORDS)} words",
                lambda log: (root / "usr/bin/rg", "--no-config", "--threads=1", "--count", *patterns, log),
                int,
            ),
            Reader(
                "sshg-parser",
                lambda log: ("sh", "-c", 'exec "$0" <"$1"', root / "usr/libexec/sshguard/sshg-parser", log),
                lambda output: output.count(b"\n"),
            ),
            Reader("fail2ban-regex, 1 filter", lambda log: _fail2ban(root, log), _matched, part=5),
            Reader("CrowdSec, 4 parsers", agent, None, part=20),
        ]


def _fail2ban(root: Path, log: Path) -> tuple[str | Path, ...]:
    modules = f"PYTHONPATH={root / 'usr/lib/python3/dist-packages'}"
    rules = f"{root / 'etc/fail2ban/filter.d/postfix.conf'}[mode=aggressive]"
    return "env", modules, "/usr/bin/python3", root / "usr/bin/fail2ban-regex", log, rules


def _matched(output: bytes) -> int:
    told = _MATCHED.search(output)
    if told is None:
        raise RuntimeError(f"fail2ban-regex does not say what it matched: {output[-500:]!r}")
    return int(told[1])
