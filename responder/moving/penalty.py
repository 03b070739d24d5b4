"""penalty - what a jail of fail2ban's does to whom it catches, as keys of a policy of ours.

    maxretry -> limit    findtime -> within    bantime -> ban; -1, for ever, is ten years
    bantime.increment    escalate = 2, as fail2ban's own formula has it; .maxtime -> max_ban
    port, banaction      ports; an action of all ports leaves them out

Where several jails share a policy the patient one of them decides, so that
nobody is banned who was not before.

Pure.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from responder.moving.jail import FOREVER, Jail, seconds
from responder.moving.plan import EVER
from responder.moving.remark import Remark
from responder.policyfile import parse_port
from responder.times import DAY, format_duration, parse_duration

_OPTIONS = {"limit": ("maxretry", 5.0), "within": ("findtime", 600.0), "ban": ("bantime", 600.0)}
"""Which option becomes which key, and what fail2ban has where it is not set."""
_MOST_PORTS = 15
_CHOICES: Mapping[str, Callable[[Iterable[float]], float]] = {"limit": max, "within": min, "ban": min, "max_ban": min}
"""Which of several jails' values makes a policy the most patient."""
_SPANS = ("within", "ban", "max_ban", "memory")


def limits(jail: Jail, memory: float) -> tuple[dict[str, float], list[Remark]]:
    """Return limit, within, ban and what follows of *jail*, times in seconds.

    *memory* is how long fail2ban remembers bans.
    """
    remarks: list[Remark] = []
    made = {key: _number(jail, option, remarks) for key, (option, _) in _OPTIONS.items()}
    if jail.get("bantime.increment").lower() in ("true", "yes", "on", "1"):
        made |= {"escalate": 2.0, "memory": max(memory, DAY)}
        if jail.get("bantime.maxtime"):
            made["max_ban"] = _number(jail, "bantime.maxtime", remarks)
        remarks += [
            Remark("human", jail.where, f"{option} has no counterpart: escalate = 2 doubles each ban; see the policy")
            for option in ("bantime.formula", "bantime.multipliers", "bantime.factor")
            if jail.get(option) and option in jail.own
        ]
    if made["ban"] == EVER:
        made["max_ban"] = EVER
        remarks.append(Remark("tightened", jail.where, "bans without an end end after ten years"))
    return made, remarks


def own(jail: Jail, values: Mapping[str, float]) -> frozenset[str]:
    """Return the keys of *values* that the administrator set in *jail*; what follows a ban is always his."""
    return frozenset(key for key in values if key not in _OPTIONS or _OPTIONS[key][0] in jail.own)


def _number(jail: Jail, option: str, remarks: list[Remark]) -> float:
    """Return *option* of *jail* as a number of ours; what fail2ban has without it where it says none, with a remark."""
    text = jail.get(option).strip()
    usual = next((default for name, default in _OPTIONS.values() if name == option), EVER)
    try:
        if option == "maxretry":
            return float(min(max(1, int(text)), 10_000)) if text else usual
        span = seconds(text) if text else usual
    except ValueError:
        what = f"{option}: {text[:40]!r} is no number that fail2ban writes; {usual:.0f} is taken"
        remarks.append(Remark("human", jail.where, what))
        return usual
    return EVER if span == FOREVER else min(max(span, 1.0), EVER)


def patient(tables: Sequence[Mapping[str, float]], wanted: Collection[str]) -> tuple[dict[str, float], bool]:
    """Return what the most patient of *tables* says for each of the *wanted* keys, and whether they differed."""
    keys = [key for key in dict.fromkeys(key for table in tables for key in table) if key in wanted]
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
