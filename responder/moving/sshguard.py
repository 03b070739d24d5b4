"""sshguard - sshguard.conf as settings of ours.

    FILES  LOGREADER                [[source]]: logs, or the journal with the names that journalctl is asked for
    WHITELIST_FILE                  [allow]
    THRESHOLD  BLOCK_TIME  ...      [policy.login], [policy.ssh-probe]: see scores.py
    BLACKLIST_FILE                  bans without an end: see enemies.py
    BACKEND                         nothing: responder drives the firewall itself

The file is one that a shell runs; here it is only read (shellvars.py).  What is given on sshguard's command line is
not seen.

Source: SSHGuard 2.4 and 2.5 (sshguard(8), examples/sshguard.conf.sample, src/sshguard.in).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from responder.errors import UsageError
from responder.moving import enemies, scores, shellvars
from responder.moving.plan import OldBan, Plan
from responder.moving.remark import Remark
from responder.moving.shellvars import Assignment
from responder.moving.spared import Entry, spared
from responder.moving.tailed import tailed
from responder.moving.textfile import lines

FILE = Path("/etc/sshguard/sshguard.conf")
_SILENT = frozenset(("PID_FILE", "SSHGUARD_USER", "STATS_DIR", "SSHGUARD_DEBUG", "LANG", "LC_ALL", "PATH"))
_USED = frozenset(("FILES", "LOGREADER", "WHITELIST_FILE", "WHITELIST_ARG", "BLACKLIST_FILE")) | scores.SETTINGS

Settings = Mapping[str, Assignment]


def read(path: Path) -> Plan:
    """Return what the sshguard.conf at *path* comes to; raises UsageError where it cannot be read."""
    assigned, unread = shellvars.read("\n".join(lines(path, "name an sshguard.conf")))
    last = {one.name: one for one in assigned}
    settings = {name: one for name, one in last.items() if one.value.strip()}
    where = str(path)
    logs = tailed(settings, where)
    limits = scores.limits(settings, where)
    friends, lost = _friends(settings, where)
    allowed = spared(friends)
    bans, told = _bans(settings, limits, where)
    return Plan(
        origin=where,
        sources=logs.sources,
        policies=dict.fromkeys(scores.POLICIES, limits.table) if limits.table else {},
        about=dict.fromkeys(scores.POLICIES, f"from {where}") if limits.table else {},
        allow=allowed.networks,
        hosts=allowed.hosts,
        bans=bans,
        remarks=(
            *(Remark("human", f"{where}:{one.line}", f"{one.text[:80]!r} is left out: {one.why}") for one in unread),
            *logs.remarks,
            *limits.remarks,
            *_others(settings, where),
            *lost,
            *allowed.remarks,
            *told,
        ),
    )


def _friends(settings: Settings, where: str) -> tuple[list[Entry], list[Remark]]:
    """Return who is never banned, and what could not be read."""
    entries: list[Entry] = []
    remarks = []
    given = settings.get("WHITELIST_ARG") or settings.get("WHITELIST_FILE")
    at = f"{where}:{given.line}" if given else where
    for text in given.value.split() if given else ():
        if text[0] == ".":
            what = f"{text[:80]!r} begins with no /: SSHGuard knows from where; put whom it spares into [allow]"
            remarks.append(Remark("human", at, what))
            continue
        if text[0] != "/":
            entries.append(Entry(text, at))
            continue
        try:
            there = lines(Path(text), "put whom it spares into [allow]")
        except UsageError as error:
            remarks.append(Remark("human", at, str(error)))
            continue
        words = ((number, line.partition("#")[0].split()) for number, line in enumerate(there, 1))
        entries += [Entry(word[0], f"{text}:{number}") for number, word in words if word]
    return entries, remarks


def _bans(settings: Settings, limits: scores.Limits, where: str) -> tuple[tuple[OldBan, ...], list[Remark]]:
    given = settings.get("BLACKLIST_FILE")
    if given is None:
        return (), []
    at = f"{where}:{given.line}"
    threshold, colon, name = given.value.strip().partition(":")
    if not colon or not threshold.isdecimal() or not name.startswith("/"):
        return (), [Remark("human", at, f"BLACKLIST_FILE={given.value[:80]!r} is no THRESHOLD:/PATH; see its bans")]
    what = f"BLACKLIST_FILE: nobody is banned for ever by a score ({threshold}); who comes back is, for up to `max_ban`"
    remarks = [Remark("tightened", at, what)]
    try:
        bans, told = enemies.read(Path(name), *scores.bits(limits))
    except UsageError as error:
        return (), [*remarks, Remark("human", at, str(error))]
    return bans, [*remarks, *told, Remark("kept", at, f"{name}: {len(bans)} bans without an end")]


def _others(settings: Settings, where: str) -> Iterator[Remark]:
    for one in settings.values():
        at = f"{where}:{one.line}"
        if one.name == "BACKEND" and "sshg-fw-null" in one.value:
            yield Remark("human", at, "sshg-fw-null banned nobody; responder bans, unless it is run with --dry-run")
        elif one.name == "BACKEND":
            what = "BACKEND: responder drives the firewall itself; SSHGuard may run until you stop it"
            yield Remark("kept", at, what)
        elif one.name in ("PARSER", "POST_PARSER"):
            what = f"{one.name} has no counterpart; whom it spares goes into [allow], what it finds needs rules"
            yield Remark("human", at, what)
        elif one.name not in _USED | _SILENT:
            yield Remark("human", at, f"{one.name} is no setting of SSHGuard's that is known here, and is left out")
