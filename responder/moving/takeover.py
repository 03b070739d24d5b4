"""takeover - what becomes of one jail of fail2ban's: our share of its work, or its own filter as rules."""

import glob
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from responder.config import JOURNAL, POSTFIX_UNITS, SSHD_UNITS
from responder.detect import library, rulefile
from responder.detect.rule import Rule
from responder.moving import convert, filterfile, logreader, penalty, webserver
from responder.moving.convert import Form
from responder.moving.counterparts import Counterpart, counterpart
from responder.moving.filterfile import OF_THE_JAIL
from responder.moving.jail import Jail
from responder.moving.plan import RuleFile
from responder.moving.remark import Remark

_SYSLOGS = re.compile(
    r"/var/log/(?:(?:auth|mail|daemon|user)\.log|mail\.(?:info|warn|err)|secure|maillog|syslog|messages)"
)
_UNITS = {"sshd": SSHD_UNITS, "postfix": POSTFIX_UNITS}
"""What the journal has of services whose unit is not called, on every system, as fail2ban's filter says."""

Source = Mapping[str, object]


class Limits(NamedTuple):
    """What a jail does: *values* (times in seconds), and ports, none for all.

    *wanted* are the keys of the values that are to be in the policy.
    """

    values: Mapping[str, float]
    wanted: frozenset[str]
    ports: tuple[str, ...] = ()


class Share(NamedTuple):
    """What comes of one jail; *disable* are rules of ours that its own stand for."""

    jail: str = ""
    sources: tuple[Source, ...] = ()
    limits: Mapping[str, Limits] = {}
    rules: tuple[RuleFile, ...] = ()
    disable: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def handed_over(jail: Jail, folder: Path, memory: float, changed: Collection[Path]) -> Share | None:
    """Return what rules of ours do in place of *jail*; None where its filter is not one that came with fail2ban."""
    name, given = jail.filter
    ours = counterpart(name, given.get("mode", ""))
    path = folder / "filter.d" / f"{name}.conf"
    own = set(OF_THE_JAIL) - {"journalmatch", "usedns"}
    if ours is None or not set(given) <= {"mode", "logtype"} or own & jail.own:
        return None
    if path in changed or not path.is_file() or path.with_suffix(".local").exists():
        return None
    values, remarks = penalty.limits(jail, memory)
    own_values = penalty.own(jail, values)
    sources, missing = _sources(jail, folder, Form(ours.format, (ours.program,)), ours.instead)
    kept = Remark("kept", jail.where, f"{_said(ours)}{_stays(jail, ours, own_values)}")
    return Share(
        jail=jail.name,
        sources=sources,
        limits={policy: Limits(values, own_values) for policy in ours.policies},
        remarks=(kept, *_off(jail, ours), *remarks, *missing),
    )


def converted(jail: Jail, folder: Path, memory: float) -> Share:
    """Return the rules that the filter of *jail* becomes, and their policy.

    Raises FileNotFoundError where there is no such filter, UndefinedError where it refers to what is nowhere.
    """
    name, given = jail.filter
    own = {option: jail.get(option) for option in OF_THE_JAIL if option in jail.own and jail.get(option)}
    found = filterfile.read(folder, name, given, own)
    slug = re.sub(r"[^a-z0-9]+", "-", jail.name.lower()).strip("-") or "jail"
    policy = f"fail2ban-{slug}"
    made = convert.convert(found, slug, policy, syslog=jail.journal or any(map(_SYSLOGS.match, jail.paths)))
    values, remarks = penalty.limits(jail, memory)
    ports, unclear = penalty.ports(jail)
    sources: dict[str, Source] = {}
    missing: list[Remark] = []
    for form in made.forms:
        some, wrong = _sources(jail, folder, form)
        sources |= {repr(one): one for one in some}
        missing += wrong
    if not any(remark.kind != "human" for remark in made.remarks):
        what = f"no rule could be made of its filter {name}: nothing looks for what it found"
        missing.append(Remark("human", jail.where, what))
    return Share(
        jail=jail.name,
        sources=tuple(sources.values()),
        limits={policy: Limits(values, frozenset(values), ports)},
        rules=made.files,
        remarks=(*made.remarks, *remarks, *unclear, *dict.fromkeys(missing)),
    )


def _said(ours: Counterpart) -> str:
    files = " and ".join(f"{name}.toml" for name in ours.files)
    return f"our rules of {files} do its work" + (f"; {ours.note}" if ours.note else "")


def _stays(jail: Jail, ours: Counterpart, own: Collection[str]) -> str:
    """Say what of the jail's limits is not taken over."""
    named = ", ".join(f"[policy.{name}]" for name in ours.policies)
    said = f"with your {', '.join(sorted(own))}" if own else "as it is, for the jail's limits are fail2ban's"
    return f"; {named} {said}; bans are from everything, the jail's from {jail.get('port') or 'everything'}"


def _off(jail: Jail, ours: Counterpart) -> list[Remark]:
    """Say which of our rules are off, where none is on."""
    rules = _rules(ours)
    if any(not rule.off for rule in rules):
        return []
    names = ", ".join(f'"{rule.id}"' for rule in rules)
    return [Remark("human", jail.where, f"they are off: {rules[0].off}; enable = [{names}] turns them on")]


def stand_ins(jail: Jail) -> tuple[str, ...]:
    """Return our rules that do the work of the filter of *jail*."""
    name, given = jail.filter
    ours = counterpart(name, given.get("mode", ""))
    return tuple(rule.id for rule in _rules(ours) if not rule.off) if ours else ()


def _rules(ours: Counterpart) -> list[Rule]:
    rules: list[Rule] = []
    for name in ours.files:
        path = library.shipped() / f"{name}.toml"
        rules += rulefile.parse(path, path.read_text("utf-8"))[0]
    return rules


def _sources(
    jail: Jail, folder: Path, form: Form, instead: tuple[str, str] = ("", "")
) -> tuple[tuple[Source, ...], list[Remark]]:
    """Return the sources with the lines of *form* that *jail* reads, and what is missing."""
    if jail.journal:
        return _journal(jail, folder)
    paths = [path.replace(*instead, 1) if instead[0] else path for path in jail.paths]
    there = any(glob.glob(path) for path in paths)  # noqa: PTH207 - globs with a root
    if not there and form.format == "syslog" and JOURNAL.exists():
        return _journal(jail, folder)
    missing = []
    if not paths:
        missing.append(Remark("human", jail.where, "it names no log; add a [[source]]"))
    elif not there:
        missing.append(Remark("kept", jail.where, f"{', '.join(paths)}: not there yet; followed when it appears"))
    return tuple({"path": path, **_form(path, form)} for path in paths), missing


def _form(path: str, form: Form) -> Source:
    """Return what a source says of the lines in *path*, where they are not syslog's."""
    if form.format == "syslog":
        return {}
    program = webserver.of(path) if form.format == "access-log" else form.programs[0]
    return {"format": form.format, "program": program}


def _journal(jail: Jail, folder: Path) -> tuple[tuple[Source, ...], list[Remark]]:
    """Return the journal as a source, with the units that the filter of *jail* looks at."""
    name, given = jail.filter
    units = _UNITS.get(name, ())
    if "journalmatch" in jail.own or not units:
        match = jail.get("journalmatch") or filterfile.read(folder, name, given, {}).journal
        units = logreader.read(f"journalctl {match}").names or units  # both name fields of the journal alike
    if not units:
        what = "it reads the whole journal; name units or programs: [[source]] journal = [...]"
        return (), [Remark("human", jail.where, what)]
    return ({"journal": list(units)},), []
