"""profile - what an AppArmor profile lets a program do with files, and what strace saw it do with them.

Where no kernel with AppArmor is at hand this says whether a profile is whole: the
profile is what AppArmor's own parser makes of it, with everything included, and the
program is watched while it works (`watch`, `done_in`).

Falls short: of capabilities, sockets of the network, D-Bus and signals it knows nothing.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_CALLS = (
    "open,openat,creat,execve,mmap,flock,fcntl,connect,bind,mkdir,mkdirat,rmdir,"
    "unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,chmod,fchmodat"
)
_VARIABLE = re.compile(r"^(@\{\w+\})\s*\+?=\s*(.*)$")
_RULE = re.compile(r"^\s+(?:owner )?((?:/|@\{)\S*)\s+([rwaxmlkiPpCcUu]+),$")
_NAMED = re.compile(r"@\{\w+\}")
_OPENED = re.compile(r"^(?:open|openat|creat)\(.*?(O_\w+(?:\|\w+)*|0\d+)?(?:, 0\d+)?\) = \d+<(/[^>]*)>")
_MAPPED = re.compile(r"^mmap\([^,]*, \d+, [A-Z_|]*PROT_EXEC[^,]*, [^,]*, \d+<(/[^>]*)>")
_LOCKED = re.compile(r"^(?:flock|fcntl)\(\d+<(/[^>]*)>, (?:LOCK_|F_(?:OFD_)?SETLK)")
_RUN = re.compile(r'^execve\("([^"]*)".* = 0$')
_UNIX = re.compile(r'^(?:connect|bind)\(.*sun_path="(/[^"]*)".* = 0$')
_CHANGED = re.compile(r"^(?:mkdir|rmdir|unlink|rename|link|symlink|chmod|fchmod)\w*\(.* = 0$")
_QUOTED = re.compile(r'"(/[^"]*)"')


class Deed(NamedTuple):
    """What was done with a file, or a folder (its path ends in a slash): one of the letters that profiles use."""

    path: str
    letter: str


class Profile:
    """The rules for files of the profile *name* in *text*, which the parser preprocessed."""

    def __init__(self, text: str, name: str) -> None:
        variables: dict[str, str] = {}
        for line in text.splitlines():
            if found := _VARIABLE.match(line.strip()):
                values = (value.rstrip("/") for value in found[2].replace('"', "").split())  # two slashes are one
                variables[found[1]] = "{" + ",".join(values) + "}"
        found = re.search(rf"^profile {re.escape(name)} [^\n]*\{{\n(.*?)^\}}$", text, re.MULTILINE | re.DOTALL)
        assert found
        rules = filter(None, map(_RULE.match, found[1].splitlines()))
        self._rules = [(re.compile(_regex(_expanded(rule[1], variables))), rule[2]) for rule in rules]

    def forbids(self, deeds: Iterable[Deed]) -> set[Deed]:
        """Return those of *deeds* that no rule allows."""
        return {deed for deed in deeds if not self._allows(deed)}

    def _allows(self, deed: Deed) -> bool:
        return any(deed.letter in letters and rule.fullmatch(deed.path) for rule, letters in self._rules)


def _expanded(glob: str, variables: dict[str, str]) -> str:
    while found := _NAMED.search(glob):
        glob = glob[: found.start()] + variables.get(found[0], "{nothing}") + glob[found.end() :]
    return glob


def _regex(glob: str) -> str:
    """Return the regular expression that says what *glob* does."""
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    pieces = re.findall(r"\*\*|\[[^]]*\]|\\.|.", glob)
    return "".join(parts.get(piece, piece if piece[0] in "[\\" else re.escape(piece)) for piece in pieces)


def watch(program: str, folder: str) -> str:
    """Return the command line that becomes *program* and writes to files in *folder* what that does."""
    return f"/usr/bin/strace -D -ff -qq -y -s 4096 -e trace={_CALLS} -o {folder}/trace {program}"


def done_in(folder: Path) -> set[Deed]:
    """Return what the files in *folder* tell of files."""
    return {deed for path in folder.glob("trace.*") for line in path.read_text().splitlines() for deed in _deeds(line)}


def _deeds(line: str) -> Iterator[Deed]:
    if found := _OPENED.match(line):
        flags = set((found[1] or "O_WRONLY").split("|"))
        if "O_WRONLY" not in flags:
            yield Deed(f"{found[2].rstrip('/')}/" if "O_DIRECTORY" in flags else found[2], "r")
        if flags & {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"}:
            yield Deed(found[2], "w")
    elif found := _MAPPED.match(line):
        yield Deed(found[1], "m")
    elif found := _LOCKED.match(line):
        yield Deed(found[1], "k")
    elif found := _RUN.match(line):
        yield Deed(found[1], "x")
    elif found := _UNIX.match(line):
        yield Deed(found[1], "w")
    elif _CHANGED.match(line):
        folder = "/" if line.startswith(("mkdir", "rmdir")) else ""
        yield from (Deed(path + folder, "w") for path in _QUOTED.findall(line))
