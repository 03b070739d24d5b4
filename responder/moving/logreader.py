"""logreader - which units and names a command line with journalctl asks for.

    LANG=C /usr/bin/journalctl -afb -p info -n1 -t sshd -t sendmail -o cat     sshd, sendmail
    journalctl -fu ssh --unit=dovecot.service _COMM=postfix                    ssh.service, dovecot.service, postfix

Pure.

Source: journalctl(1), systemd 252.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_WITH_VALUE = "oDpgcSUTtuFMi"
_REST_IS_VALUE = "nb"
_LONG = {"--identifier": "t", "--unit": "u"}
_FIELDS = {"SYSLOG_IDENTIFIER": "t", "_COMM": "t", "_SYSTEMD_UNIT": "u"}
_UNIT = re.compile(r".*\.(?:service|scope|socket|slice|mount|timer|path|swap|device|target)")
_NAME = re.compile(r"[\w@.:\\*?\[\]-]{1,255}")
_SIGNS = "();<>|&"


class Asked(NamedTuple):
    """The *names* that are asked for, or *problem*: why nobody can tell; *left*, what was not looked at."""

    names: tuple[str, ...] = ()
    problem: str = ""
    left: str = ""


def read(command: str) -> Asked:
    """Return what *command* has journalctl look for."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_SIGNS)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return Asked(problem="its quotes do not match")
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        del words[0]
    if not words or words[0].rpartition("/")[2] != "journalctl":
        return Asked(problem="it is no journalctl")
    end = next((number for number, word in enumerate(words) if word and not word.strip(_SIGNS)), len(words))
    names = tuple(dict.fromkeys(_names(words[1:end])))
    left = " ".join(words[end:])
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        return Asked(problem=f"{wrong[0][:80]!r} is no unit and no name", left=left)
    return Asked(names, "" if names else "it reads the whole journal", left)


def _names(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        option, sign, value = word.partition("=")
        kind = ""
        if option in _LONG:
            kind, value = _LONG[option], value if sign else next(rest, "")
        elif option in _FIELDS and sign:
            kind = _FIELDS[option]
        elif word.startswith("-") and not word.startswith("--"):
            kind, value = _short(word[1:], rest)
        if kind == "t":
            yield value
        elif kind == "u":
            yield value if _UNIT.fullmatch(value) else f"{value}.service"


def _short(letters: str, rest: Iterator[str]) -> tuple[str, str]:
    """Return the one of a word's *letters* that takes a value, and that: behind it, or the next word."""
    for number, letter in enumerate(letters):
        if letter in _REST_IS_VALUE:
            break
        if letter in _WITH_VALUE:
            return letter, letters[number + 1 :] or next(rest, "")
    return "", ""
