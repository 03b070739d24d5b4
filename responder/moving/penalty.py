"""penalty - what a jail of fail2ban's does to whom it catches, as keys of a policy of ours.

    maxretry -> limit    findtime -> within    bantime -> ban; -1, for ever, is ten years
    bantime.increment    escalate = 2, as fail2ban's own formula has it; .factor and .maxtime with it
    port, banaction      ports; an action of all ports leaves them out

Where several jails share a policy the patient one of them decides, so that
nobody is banned who was not before.

Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from responder.moving.jail import FOREVER, Jail
from responder.moving.remark import Remark
from responder.policyfile import parse_port
from responder.times import DAY, format_duration, parse_duration

_EVER = 3650 * DAY
_MOST_PORTS = 15
_CHOICES: Mapping[str, Callable[[Iterable[float]], float]] = {"limit": max, "within": min, "ban": min, "max_ban": min}
"""Which of several jails' values makes a policy the most patient."""
_SPANS = ("within", "ban", "max_ban", "memory")


def limits(jail: Jail, memory: float, *, only_own: bool) -> tuple[dict[str, float], list[Remark]]:
    """Return limit, within, ban and what follows of *jail*, times in seconds; *only_own*: what the administrator set.

    *memory* is how long fail2ban remembers bans.
    """
    made: dict[str, float] = {}
    remarks = []
    for option, key in (("maxretry", "limit"), ("findtime", "within"), ("bantime", "ban")):
        if only_own and option not in jail.own:
            continue
        try:
            made[key] = _number(jail, option)
        except ValueError as error:
            remarks.append(Remark("human", jail.where, f"{option}: {error}; set {key} in the policy"))
    if jail.get("bantime.increment").lower() in ("true", "yes", "on", "1"):
        made |= {"escalate": 2.0, "memory": max(memory, DAY)}
        if jail.get("bantime.maxtime"):
            made["max_ban"] = _number(jail, "bantime.maxtime")
        remarks += [
            Remark("human", jail.where, f"{option} has no counterpart: escalate = 2 doubles each ban; see the policy")
            for option in ("bantime.formula", "bantime.multipliers", "bantime.factor")
            if jail.get(option) and option in jail.own
        ]
    if made.get("ban") == _EVER:
        made["max_ban"] = _EVER
        remarks.append(Remark("tightened", jail.where, "bans without an end end after ten years"))
    return made, remarks


def _number(jail: Jail, option: str) -> float:
    """Return *option* of *jail* as a number of ours; raises ValueError."""
    if option == "maxretry":
        return float(min(max(1, int(jail.get(option) or 5)), 10_000))
    span = jail.span(option)
    if span is None:
        span = 600.0
    return _EVER if span == FOREVER else min(max(span, 1.0), _EVER)


def patient(tables: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], bool]:
    """Return the most patient of *tables*, key by key, and whether they differed."""
    keys = dict.fromkeys(key for table in tables for key in table)
    made = {key: _CHOICES.get(key, min)([table[key] for table in tables if key in table]) for key in keys}
    return made, any(table.get(key, made[key]) != made[key] for table in tables for key in keys)


def table(values: Mapping[str, float], ports: Sequence[str] = ()) -> dict[str, object]:
    """Return *values* as a table of the settings."""
    made: dict[str, object] = {}
    for key, number in values.items():
        made[key] = format_duration(number) if key in _SPANS else int(number) if key == "limit" else number
    assert all(parse_duration(str(made[key])) for key in _SPANS if key in made)  # it is what settings read
    return made | ({"ports": list(ports)} if ports else {})


def ports(jail: Jail) -> tuple[tuple[str, ...], list[Remark]]:
    """Return the ports that *jail* bans from, none for all."""
    text = jail.get("port").strip()
    everything = "allports" in jail.get("action") or "all-ports" in jail.get("action")
    if not text or text in ("0:65535", "all", "any") or everything:
        return (), []
    protocol = "/udp" if jail.get("protocol").strip().lower() == "udp" else ""
    found, unknown = [], []
    for name in text.replace(" ", "").split(","):
        try:
            found.append(parse_port(f"{name}{protocol}"))
        except ValueError:
            unknown.append(name)
    if unknown or len(found) > _MOST_PORTS:
        what = f"ports {', '.join(unknown)} are none of ours" if unknown else f"more than {_MOST_PORTS} ports"
        return (), [Remark("human", jail.where, f"{what}: bans are from everything; set `ports` in the policy")]
    return tuple(dict.fromkeys(found)), []
