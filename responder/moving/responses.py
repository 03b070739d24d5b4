"""responses - the active responses of OSSEC or Wazuh that ban, as the policy `active-response` of ours.

    <timeout>                ban; of several the shortest; 0 and none are for ever, here ten years
    <repeated_offenders>     escalate and max_ban, so that no ban is longer than it was
    <level> <rules_id> ...   alertrules.py
    all that bans nobody     stays what it is: OSSEC goes on doing it

Source: OSSEC 3.7 and 4.3, Wazuh 4.14 (src/config/active-response.c; src/os_execd/config.c and execd.c).
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from responder.moving import alertrules, blockers
from responder.moving.blockers import Does
from responder.moving.ossecfile import Element
from responder.moving.plan import EVER
from responder.moving.remark import Remark
from responder.times import MINUTE, format_duration

POLICY = "active-response"
_MOST = 5


class Responses(NamedTuple):
    """What the policy gets (nothing where nobody is banned), whose limits they were, and what became of each element.

    *lines* are where the responses begin that ban without us.
    """

    policy: Mapping[str, object]
    about: str
    lines: tuple[int, ...]
    remarks: tuple[Remark, ...]


class _Response(NamedTuple):
    element: Element
    command: str
    does: Does
    seconds: float | None
    """How long it bans; None for ever."""


def read(config: Element, where: str) -> Responses:
    """Return what the active responses in *config*, the file *where*, come to."""
    commands = {one.get("name"): one for one in config.all("command") if one.get("name")}
    blocks = config.all("active-response")
    off = any(one.get("disabled") == "yes" for one in blocks if not one.get("command"))
    remarks: list[Remark] = []
    responses = []
    for block in blocks:
        name = block.get("command")
        if name and block.get("disabled") == "yes":
            remarks.append(Remark("kept", f"{where}:{block.line}", f"active-response {name} is disabled, and left out"))
        elif name:
            responses.append(_Response(block, name, blockers.does(name, commands.get(name)), _timeout(block)))
    bans = [one for one in responses if one.does == "bans"]
    repeated = next((one for block in blocks for one in block.all("repeated_offenders")), None)
    policy = _policy([one.seconds for one in bans], repeated) if bans and not off else {}
    remarks += blockers.remarks(commands, {one.command for one in responses}, where)
    for one in responses:
        remarks += _told(one, policy, commands, where)
    remarks += _switches(blocks, where)
    remarks += _escalated(repeated, policy, where) if repeated else ()
    return Responses(
        policy=policy,
        about=f"from {where}: {', '.join(dict.fromkeys(one.command for one in bans))}" if policy else "",
        lines=() if off else tuple(one.element.line for one in bans),
        remarks=tuple(remarks),
    )


def _timeout(block: Element) -> float | None:
    found = re.match(r"\s*\+?(\d{1,12})", block.get("timeout"))
    seconds = float(found[1]) if found else 0.0
    return min(seconds, EVER) or None


def _policy(ends: Sequence[float | None], repeated: Element | None) -> dict[str, object]:
    """Return ban, escalate and max_ban such that no ban is longer than the shortest of *ends* and *repeated* say."""
    ban = min((one for one in ends if one is not None), default=EVER)
    made: dict[str, object] = {"ban": format_duration(ban), "escalate": 1.0}
    steps = _steps(repeated) if repeated and any(ends) else []
    if steps and min(steps) > ban:
        growing = steps[:-1] or steps  # the last need not be reached in time: it is the most, and goes on for ever
        factor = min((span / ban) ** (1 / number) for number, span in enumerate(growing, 1))
        made["escalate"] = min(max(1.0, math.floor(factor * 100) / 100), 1000.0)
        made["max_ban"] = format_duration(steps[-1])
    return made


def _steps(repeated: Element) -> list[float]:
    """Return how long the second, third ... ban lasts, in seconds; a zero ends the list."""
    steps: list[float] = []
    for text in repeated.text.split(",")[:_MOST]:
        found = re.match(r"\s*(\d{1,9})", text)
        if not found or not int(found[1]):
            break
        steps.append(min(int(found[1]) * MINUTE, EVER))
    return steps


def _told(
    one: _Response, policy: Mapping[str, object], commands: Mapping[str, Element], where: str
) -> Iterator[Remark]:
    """Yield what becomes of each element of a response."""
    at, name = f"{where}:{one.element.line}", f"active-response {one.command}"
    if one.command not in commands:
        yield Remark("human", at, f"{name}: there is no <command> of that name in this file")
    if one.does == "ours":
        ended = f", and its delete after {format_duration(one.seconds)} ends it" if one.seconds else ""
        yield Remark("kept", at, f"{name} is responder's: [policy.{POLICY}] says how long a ban lasts{ended}")
    elif one.does == "unknown":
        yield Remark("human", at, f"{name} runs what is unknown here: where that bans, put responder-ar in its place")
    elif one.does != "bans":
        yield Remark("kept", at, f"{name} bans nobody on this host, and goes on")
    elif not policy:
        yield Remark("kept", at, f"{name} is left out, as active response is off")
    else:
        yield Remark("kept", at, f"{name} bans: [policy.{POLICY}] says for how long")
        yield _span(one, str(policy["ban"]), where)
        yield from alertrules.remarks(one.element, where)
        for element in one.element.all("location"):
            yield _location(element.text, one.element.get("agent_id"), f"{where}:{element.line}")


def _span(one: _Response, ban: str, where: str) -> Remark:
    timeout = one.element.last("timeout")
    at = f"{where}:{timeout.line if timeout else one.element.line}"
    if one.seconds is None:
        said = f"timeout {timeout.text[:40]}" if timeout else "no timeout"
        ends = "after ten years; set a shorter `ban`" if ban == format_duration(EVER) else f"after {ban}, as others do"
        return Remark("tightened", at, f"{said}: bans had no end; now they end {ends}")
    own = format_duration(one.seconds)
    if own != ban:
        return Remark("tightened", at, f"timeout {own}: one policy is for all, and ban = {ban} is the shortest of them")
    return Remark("kept", at, f"timeout {own}: ban = {ban}")


def _location(text: str, agent: str, where: str) -> Remark:
    if re.search(r"all|any", text):
        what = "it bans on all agents: install responder and responder-ar on each, or let them share a blacklist"
        return Remark("human", where, f"location {text[:40]}: {what}")
    if "defined-agent" in text:
        return Remark("human", where, f"it bans on agent {agent[:40] or '?'}: install responder and responder-ar there")
    if "local" in text:
        what = "agents need responder and responder-ar of their own; alerts as a source ban on this host alone"
        return Remark("kept", where, f"location local bans where it happened: {what}")
    return Remark("kept", where, f"location {text[:40]}: this host bans")


def _switches(blocks: Sequence[Element], where: str) -> Iterator[Remark]:
    for block in blocks:
        for one in block.all("disabled") if not block.get("command") else ():
            at = f"{where}:{one.line}"
            if one.text == "yes":
                what = "active response is off, so nobody was banned; responder bans where it follows the alerts"
                yield Remark("human", at, what)
            else:
                yield Remark("kept", at, "active response is on")


def _escalated(repeated: Element, policy: Mapping[str, object], where: str) -> Iterator[Remark]:
    at = f"{where}:{repeated.line}"
    steps = ", ".join(format_duration(span) for span in _steps(repeated))
    if not policy:
        yield Remark("kept", at, "repeated_offenders is left out, as nothing here bans")
    elif "max_ban" in policy:
        what = f"escalate = {policy['escalate']} to max_ban = {policy['max_ban']}: no ban is longer than it was"
        what += ", and who stays away for `memory` begins anew (there: never)"
        yield Remark("tightened", at, f"repeated_offenders {steps}: {what}")
    else:
        what = "these are no numbers of minutes, or not longer than the first ban: every ban lasts as long as `ban`"
        yield Remark("human", at, f"repeated_offenders {repeated.text[:80]!r}: {what}")
