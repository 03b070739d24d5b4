"""plan - what somebody's configuration comes to here: settings, rule files, bans, and what is to be said of each.

Nothing is written by making one.  `settings_text` is a whole responder.toml.
"""

from collections.abc import Mapping
from typing import NamedTuple

from responder.moving.remark import Remark
from responder.moving.tomltext import comment, pairs, value
from responder.times import DAY
from responder.values import Prefix

EVER = 3650 * DAY
"""How long a ban without an end lasts here, in seconds: ten years."""


class RuleFile(NamedTuple):
    """A rule file to be, by its *name* (with .toml)."""

    name: str
    text: str


class Allowed(NamedTuple):
    """A network (as text) or the name of a host that is never to be banned, and who said so."""

    text: str
    why: str


class OldBan(NamedTuple):
    """A ban in force elsewhere; times in UTC epoch seconds, *until* None for one without an end."""

    prefix: Prefix
    since: float
    until: float | None
    why: str


class Plan(NamedTuple):
    """What was read from *origin*.

    *sources* and *notify* are tables as responder.toml has them, *policies* too, by name; *about* says of each policy
    whose limits they were.  *disable* are rules of ours that would do what the *rules* do.
    """

    origin: str
    sources: tuple[Mapping[str, object], ...] = ()
    policies: Mapping[str, Mapping[str, object]] = {}
    about: Mapping[str, str] = {}
    allow: tuple[Allowed, ...] = ()
    hosts: tuple[Allowed, ...] = ()
    disable: tuple[str, ...] = ()
    notify: tuple[Mapping[str, object], ...] = ()
    rules: tuple[RuleFile, ...] = ()
    bans: tuple[OldBan, ...] = ()
    remarks: tuple[Remark, ...] = ()


def settings_text(plan: Plan, rule_folder: str) -> str:
    """Return the settings of *plan* as a responder.toml whose own rules are in *rule_folder*."""
    text = comment(f"From {plan.origin}.  `responder check` says what it comes to.")
    if plan.rules:
        text += pairs({"rules": [rule_folder]})
    if plan.disable:
        text += pairs({"disable": plan.disable})
    for source in plan.sources:
        text += f"\n[[source]]\n{pairs(source)}"
    for name, policy in plan.policies.items():
        about = plan.about.get(name, "")
        text += "\n" + (comment(about) if about else "") + f"[policy.{name}]\n{pairs(policy)}"
    if plan.allow or plan.hosts:
        text += "\n[allow]\n" + _allowed("networks", plan.allow) + _allowed("hosts", plan.hosts)
    for one in plan.notify:
        text += f"\n[[notify]]\n{pairs(one)}"
    return text


def _allowed(key: str, entries: tuple[Allowed, ...]) -> str:
    if not entries:
        return ""
    lines = (f"    {value(one.text)},  {comment(one.why or 'from there')}" for one in entries)
    return f"{key} = [\n{''.join(lines)}]\n"
