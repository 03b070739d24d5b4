"""innocent - what services write while nothing is wrong: lines by the thousand, from a seed.

Each file below ``normal/`` holds lines in the services' own words, written after their
sources, with names in braces for what varies.  The same arguments give the same
lines.  A file may begin with ``# format:`` and ``# program:`` for lines that are no
syslog's, and is then about one program.

    for kind, text in innocent.lines(20_000, seed=1): ...
"""

import random
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("normal")
_NAME = re.compile(r"\{(\w+)\}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDS = ("alice", "bob", "carol", "dave", "erin", "frank", "info", "sales", "o'neil", "j.doe", "li", "user", "root")
_HOSTS = ("mail", "mx1", "smtp-out", "mta-7", "gw", "relay", "a23-45", "office", "dialup-77")
_DOMAINS = ("example.org", "example.com", "example.net", "lists.example.org", "invalid.test", "xn--exmple-cua.example")
_SUBJECTS = ("Re: rejected", "Your invoice", "authentication failed for whom?", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Relay")


class Kind(NamedTuple):
    """What a line is: its *form*, and the *program*, where the line does not say it."""

    form: str
    program: str


class _Words:
    """Chooses what stands for the names in braces."""

    def __init__(self, seed: int) -> None:
        choose = random.Random(seed)
        self.choose = choose

        def one_of(*words: str) -> Callable[[], str]:
            return lambda: choose.choice(words)

        def letters(alphabet: str, shortest: int, longest: int) -> Callable[[], str]:
            return lambda: "".join(choose.choices(alphabet, k=choose.randint(shortest, longest)))

        self.words: dict[str, Callable[[], str]] = {
            "pid": lambda: str(choose.randint(300, 4_194_303)),
            "port": lambda: str(choose.randint(1024, 65535)),
            "num": lambda: str(choose.randint(0, 10 ** choose.randint(1, 8))),
            "small": lambda: str(choose.randint(1, 9)),
            "ip": self.address,
            "user": one_of(*_WORDS),
            "domain": one_of(*_DOMAINS),
            "name": self.host,
            "client": lambda: f"{choose.choice(('unknown', self.host()))}[{self.address()}]",
            "inst": one_of("postfix", "postfix", "postfix/submission", "postfix/smtps", "postfix2525", "postfix-out"),
            "qid": self.queue_id,
            "proto": one_of("imap", "pop3", "submission", "managesieve"),
            "sess": letters(string.ascii_letters + string.digits + "+/", 16, 32),
            "fp": letters(string.ascii_letters + string.digits + "+/", 43, 43),
            "sshd": one_of("sshd", "sshd-session"),
            "subject": one_of(*_SUBJECTS),
        }

    def address(self) -> str:
        choose = self.choose
        if choose.random() < 0.25:
            return f"2001:db8:{choose.randint(0, 65535):x}:{choose.randint(0, 65535):x}::{choose.randint(1, 65535):x}"
        return f"203.0.113.{choose.randint(1, 254)}"

    def queue_id(self) -> str:
        """Return a short one or, as with enable_long_queue_ids, a long one."""
        letters, length = self.choose.choice((("0123456789ABCDEF", 11), ("0123456789BCDFGHJKbcdfghjk", 14)))
        return "".join(self.choose.choices(letters, k=length))

    def host(self) -> str:
        return f"{self.choose.choice(_HOSTS)}.{self.choose.choice(_DOMAINS)}"

    def filled(self, template: str) -> str:
        return _NAME.sub(lambda name: self.words[name[1]]() if name[1] in self.words else name[0], template)

    def stamp(self) -> str:
        choose = self.choose
        clock = f"{choose.randint(0, 23):02}:{choose.randint(0, 59):02}:{choose.randint(0, 59):02}"
        if choose.random() < 0.3:
            day = f"2026-{choose.randint(1, 12):02}-{choose.randint(1, 28):02}"
            return f"{day}T{clock}.{choose.randint(0, 999999):06}+02:00"
        return f"{choose.choice(_MONTHS)} {choose.randint(1, 28):2} {clock}"


def templates(folder: Path = FOLDER) -> list[tuple[Kind, str]]:
    """Return every kind of line that there is."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        kind = Kind("syslog", "")
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("# format: "):
                kind = kind._replace(form=line.removeprefix("# format: "))
            elif line.startswith("# program: "):
                kind = kind._replace(program=line.removeprefix("# program: "))
            elif line and not line.startswith("#"):
                found.append((kind, line))
    return found


def filler(seed: int = 1) -> Callable[[str], str]:
    """Return what puts words in the place of the names in braces that are known."""
    return _Words(seed).filled


def unfilled(line: str) -> list[str]:
    """Return the names in braces that are left in *line*, other than those that the service writes itself."""
    return [name for name in _NAME.findall(line) if name != "RelayedInbound"]


def lines(count: int, seed: int = 1) -> Iterator[tuple[Kind, str]]:
    """Yield *count* lines, and of what kind each is; every template has its turn."""
    words, kinds = _Words(seed), templates()
    for number in range(count):
        kind, template = kinds[number % len(kinds)]
        head = f"{words.stamp()} mx " if kind.form == "syslog" else ""
        yield kind, head + words.filled(template)
