"""rulecache - rules that were proven once need not be proven at every start.

To prove all rules and run their examples takes a second; what came of it is the
same as long as the rules, this program and its libraries are the same.  So a
digest of these is kept with what was proven, in ``cache/rules.json`` of the
state folder, or in ``~/.cache/responder`` where there is none that we may write.

Whoever could write that file could have unproven rules used, so it is read only
where it and its folder are ours or root's, and nobody else may write them.  One
that is anything else than expected is no error: everything is proven anew.
"""

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path

import responder
from responder.detect import library, pattern
from responder.detect.pattern import Facts
from responder.detect.rule import Rule

_NAME = "rules.json"
_LONGEST = 16 << 20  # bytes
_FOREIGN_HANDS = stat.S_IWGRP | stat.S_IWOTH


def load(
    folders: Sequence[Path],
    policies: Collection[str],
    disabled: Collection[str],
    state: Path,
    enabled: Collection[str] = (),
) -> tuple[Rule, ...]:
    """Return the rules in *folders* that are in force, proven now or before.

    Raises Refused with every problem of every file.
    """
    digest = _digest(folders, policies, disabled, enabled)
    caches = _caches()
    places = [state / "cache", *([caches / "responder"] if caches else [])]
    proven = any(_recall(folder / _NAME, digest) for folder in places)
    rules = library.load(folders, policies, disabled, enabled, proven=proven)
    if _digest(folders, policies, disabled, enabled) != digest:  # somebody wrote a rule just now
        return library.load(folders, policies, disabled, enabled)
    if not proven:
        any(_keep(folder / _NAME, digest) for folder in places)
    return rules


def _caches() -> Path | None:
    """Return where the user who runs this keeps what programs could work out again, if anywhere."""
    named, home = os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", "")
    found = Path(named) if named else Path(home, ".cache")
    return found if found.is_absolute() else None


def _digest(
    folders: Sequence[Path], policies: Collection[str], disabled: Collection[str], enabled: Collection[str]
) -> str:
    """Return what everything that a proof rests on comes to."""
    made = hashlib.sha256()
    package = Path(responder.__file__).parent
    sources = [path for room in ("detect", "formats") for path in sorted((package / room).glob("*.py"))]
    rules = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    for path in (*sources, package / "values.py", *rules):
        with contextlib.suppress(OSError):  # who loads the rules says what is wrong with it
            made.update(b"%b\0%d\0" % (os.fsencode(path), path.stat().st_size) + path.read_bytes())
    asked = [sorted(policies), sorted(disabled), sorted(enabled), [str(folder) for folder in folders]]
    made.update(json.dumps([sys.version, version("regex"), *asked]).encode())
    return made.hexdigest()


def _recall(path: Path, digest: str) -> bool:
    """Take what *path* says was proven of everything that *digest* stands for; tell whether it does."""
    try:
        if not _ours(path.parent.stat()):
            return False
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not _ours(os.fstat(file.fileno())):
                return False
            kept = json.loads(file.read(_LONGEST))
        if kept["digest"] != digest:
            return False
        known = {(text, use): Facts(frozenset(words), left) for text, use, words, left in kept["patterns"]}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False
    pattern.known.update(known)
    return True


def _ours(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & _FOREIGN_HANDS


def _keep(path: Path, digest: str) -> bool:
    """Write what was proven; tell whether it could be."""
    patterns = [(*key, sorted(facts.literals), facts.pinned_left) for key, facts in pattern.known.items()]
    beside = path.with_name(f"{_NAME}.{os.getpid()}")
    try:
        if path.parent.parent == _caches():
            path.parent.parent.mkdir(mode=0o700, exist_ok=True)  # as the XDG Base Directory Specification asks
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not _ours(path.parent.stat()):
            return False
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"digest": digest, "patterns": patterns}, file)
        beside.replace(path)
    except OSError:
        return False
    return True
