"""policyfile - ``[policy.NAME]`` tables into Policies.

rules/policies.toml ships defaults; the same table in the settings overrides it
key by key, and a new name makes a new policy.
"""

import socket
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from responder.decide.policy import Policy
from responder.errors import ConfigError
from responder.times import parse_duration
from responder.validate import validate
from responder.values import Scope

_PORTS = {
    "smtp": 25, "submission": 587, "submissions": 465, "smtps": 465, "imap": 143, "imaps": 993, "pop3": 110,
    "pop3s": 995, "sieve": 4190, "ssh": 22, "http": 80, "https": 443, "domain": 53,
}  # fmt: skip
"""The services of mail and web hosts (IANA), so that a host without /etc/services knows them too."""

_MOST_PORTS = 15  # what one rule of iptables takes


def _duration(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic collects ValueErrors
            f'{value!r} is no duration; write it in quotes, with a unit: "90s", "10m", "1h", "7d"'
        )
    return parse_duration(value)


def parse_port(value: Any) -> str:
    """Return a port as a Scope has it, ``25`` or ``53/udp``, from its number or the name of its service.

    Raises ValueError for what is none.
    """
    name, _, protocol = str(value).partition("/")
    if protocol in ("", "tcp", "udp") and isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            number = (
                int(name) if name.isdecimal() else _PORTS.get(name) or socket.getservbyname(name, protocol or "tcp")
            )
        except OSError:
            number = 0
        if 0 < number < 65536:
            return f"{number}/udp" if protocol == "udp" else str(number)
    raise ValueError(f'{value!r} is no port; write a number, or a service as in "smtp", "imaps", "domain/udp"')


def scope(verdict: str, ports: Iterable[str]) -> Scope:
    """Return the scope with *verdict* and *ports* as `parse_port` gives them; raises ValueError for too many."""
    listed = sorted(set(ports), key=lambda port: (port.endswith("udp"), int(port.partition("/")[0])))
    made = Scope.parse(":".join(filter(None, (verdict, ",".join(listed)))))
    if max(len(made.ports), len(made.udp)) > _MOST_PORTS:
        raise ValueError(f"at most {_MOST_PORTS} TCP and {_MOST_PORTS} UDP ports; leave them out to ban from all")
    return made


Duration = Annotated[float, BeforeValidator(_duration)]
Port = Annotated[str, BeforeValidator(parse_port)]


class PolicySettings(BaseModel):
    """One table; what is absent comes from the shipped table of that name, or from the Policy's own defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    within: Duration | None = None
    ban: Duration | None = None
    escalate: Annotated[float, Field(ge=1, le=1000, strict=False)] | None = None
    max_ban: Duration | None = None
    memory: Duration | None = None
    ports: tuple[Port, ...] = Field(default=(), strict=False)
    prefix_v4: Annotated[int, Field(ge=8, le=32)] | None = None
    prefix_v6: Annotated[int, Field(ge=16, le=128)] | None = None
    verdict: Literal["drop", "reject"] = "drop"
    renew: bool = False

    @field_validator("ports")
    @classmethod
    def _few(cls, ports: tuple[str, ...]) -> tuple[str, ...]:
        scope("drop", ports)
        return ports


def merge(shipped_path: Path, shipped: Any, path: Path, own: Any) -> tuple[dict[str, Policy], list[ConfigError]]:
    """Return the policies of both files, *own* before *shipped*, and every problem of either."""
    policies: dict[str, Policy] = {}
    problems: list[ConfigError] = []
    tables = [table if isinstance(table, dict) else {} for table in (shipped, own)]
    for name in dict.fromkeys((*tables[0], *tables[1])):
        where = path if name in tables[1] else shipped_path
        together = _together(tables[0].get(name), tables[1].get(name))
        settings, wrong = validate(
            PolicySettings,
            together,
            partial(_problem, where, name),
        )
        problems += wrong
        if settings is not None:
            missing = [key for key in ("limit", "within", "ban") if getattr(settings, key) is None]
            problems += [_problem(where, name, key, "is missing", "a new policy needs it") for key in missing]
            if not missing:
                policies[name] = _policy(name, settings)
    return policies, problems


def _problem(path: Path, policy: str, key: str, what: str, remedy: str) -> ConfigError:
    return ConfigError(path, f"policy.{policy}.{key}".rstrip("."), what, remedy)


def _together(shipped: Any, own: Any) -> Any:
    if isinstance(shipped, Mapping) and isinstance(own, Mapping):
        return {**shipped, **own}
    return shipped if own is None else own


def _policy(name: str, settings: PolicySettings) -> Policy:
    given = settings.model_dump(exclude_none=True, exclude={"ports", "verdict"})
    return Policy(name=name, scope=scope(settings.verdict, settings.ports), **given)
