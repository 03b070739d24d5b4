"""madeup - rules for programs that nobody runs, in the forms that the shipped ones have: to see what more rules cost.

Each program has a word of its own in its messages, so that each rule has literals
of its own.  They are proven and tried like any others.
"""

import json
from collections.abc import Iterator
from pathlib import Path

_SYLLABLES = ("ba", "cu", "di", "fo", "ge", "ka", "lu", "mi", "no", "re")
_HEAD = "Jul 17 03:12:45 mx "
_FORMS = (
    (
        r"warning: <client>: {word} authentication failed: ",
        "warning: unknown[192.0.2.7]: {word} authentication failed: for 198.51.100.1",
        "warning: {word} authentication failed: no such service",
    ),
    (
        r"{word} refused <address>(?: after <number> tries)?$",
        "{word} refused 192.0.2.7 after 3 tries",
        "{word} refused 192.0.2.7 after 3 tries, says a user",
    ),
    (
        r"no {word} for .* from <address> port <port>$",
        "no {word} for root from 198.51.100.1 port 22 from 192.0.2.7 port 40022",
        "no {word} for root",
    ),
)
"""Of each a pattern, a message that it blames 192.0.2.7 for, and one that it knows nothing of."""


def write(folder: Path, count: int) -> None:
    """Write *count* rules into *folder*, a file for each."""
    for number in range(count):
        (folder / f"made-up-{number}.toml").write_text("\n".join(_lines(number)) + "\n")


def _lines(number: int) -> Iterator[str]:
    word = "".join(_SYLLABLES[int(digit)] for digit in f"{number:04}")
    pattern, guilty, innocent = (text.format(word=word) for text in _FORMS[number % len(_FORMS)])
    yield f'service = "made-up-{number}"'
    yield f'program = ["{word}d"]'
    yield "[[rule]]"
    yield f'id = "made-up-{number}"'
    yield f'title = "Login failed at {word}"'
    yield 'policy = "login"'
    yield f"pattern = '{pattern}'"
    for message, address in ((guilty, "192.0.2.7"), (innocent, "")):
        yield "[[rule.example]]"
        yield f"line = {json.dumps(f'{_HEAD}{word}d[311]: {message}')}"
        yield f'address = "{address}"'
