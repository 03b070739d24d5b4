"""quota - ``[policyd]`` and ``[[quota]]``: where Postfix asks, and who may send how much."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from responder.limits import Allowance
from responder.policyfile import Duration
from responder.settings.base import DatabaseOrNone, Table
from responder.values import Prefix

_PART = re.compile(r"sasl-user|sender|sender-domain|client|network|global|attribute:[a-z][a-z0-9_]{0,63}")
_PERMITS = re.compile(r"(?:OK|PERMIT|PERMIT_AUTH_DESTINATION|\d+)\b", re.IGNORECASE)
_CODE = re.compile(r"[45]\d\d\b")
_NO_NAME = re.compile(r"[^a-z0-9._]+")


def _listen(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return value
    host, _, port = rest.rpartition(":")
    try:
        Prefix.parse(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        host = ""
    if kind != "inet" or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{value!r} is no place to listen; write inet:127.0.0.1:10040, or unix:/run/responder/x.sock")
    return value


def _fallback(value: str) -> str:
    if _PERMITS.match(value) and not _CODE.match(value):
        raise ValueError(f"{value!r} would skip the checks that follow; write DUNNO to let mail pass")
    if not value.isprintable() or not 0 < len(value) <= 512:
        raise ValueError(f"{value!r} is no action of Postfix; write DUNNO, or DEFER with a text")
    return value


def _key(value: str) -> str:
    for one in value.split("|"):
        parts = [part.strip() for part in one.split("+")]
        if wrong := next((part for part in parts if not _PART.fullmatch(part)), None):
            raise ValueError(
                f"{wrong!r} is nothing to count by; known are sasl-user, sender, sender-domain, client, network, "
                "global, attribute:NAME, joined by + or |"
            )
    return value


def _allowance(value: Any) -> Allowance:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f'{value!r} is no list of limits; write ["20 messages per 1m"]')
    return Allowance.parse(value)


Limits = Annotated[Allowance, BeforeValidator(_allowance)]
Percent = Annotated[int, Field(ge=1, le=100)]


class PolicydSettings(Table):
    """The policy service."""

    listen: tuple[Annotated[str, AfterValidator(_listen)], ...] = Field(default=("inet:127.0.0.1:10040",), strict=False)
    fallback: Annotated[str, AfterValidator(_fallback)] = "DUNNO"
    database: DatabaseOrNone = ""
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,253}$")] = ""
    keys: Annotated[int, Field(ge=1000)] = 200_000
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 12_000
    idle: Duration = 1000.0
    reject_banned: bool = False
    reject_listed: Literal["", "strict", "moderate", "broad"] = ""
    reject_context: str = "incoming"
    report_suspended: bool = False


class SuspendSettings(Table):
    """What follows when somebody is over his limits again and again; without *lasting* until somebody resumes it."""

    after: Annotated[int, Field(ge=1, le=10_000)]
    within: Duration
    lasting: Duration | None = Field(default=None, alias="for")


class QuotaSettings(Table):
    """Limits for each of those who are counted by one key."""

    key: Annotated[str, AfterValidator(_key)]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] = ""
    context: str | None = None
    limits: Limits
    warn: tuple[Percent, ...] = Field(default=(), strict=False)
    action: Literal["defer", "reject", "hold"] = "defer"
    suspend: SuspendSettings | None = None
    null_sender: Literal["exempt", "count"] | None = None
    override: Mapping[str, Limits] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _to_blame(self) -> "QuotaSettings":
        if self.suspend and self.key == "global":
            raise ValueError("suspend would stop everybody's mail; leave it out where the key is global")
        if self.suspend and self.limits.kind == "unlimited" and not self.override:
            raise ValueError("nobody can be over no limit; leave suspend out")
        return self

    @property
    def called(self) -> str:
        """Return its name, or one made of key and context."""
        return self.name or _NO_NAME.sub("-", "-".join(filter(None, (self.key, self.context))).lower()).strip("-")

    @property
    def counts_null_sender(self) -> bool:
        """Tell whether mail from the null sender counts: bounces do not, but who logs in can write such mail, too."""
        if self.null_sender is None:
            return self.key == "global" or "sasl-user" in self.key
        return self.null_sender == "count"


def _distinct(quotas: tuple[QuotaSettings, ...]) -> tuple[QuotaSettings, ...]:
    names = [quota.called for quota in quotas]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'two are called {", ".join(twice)}; give each a name of its own: name = "newsletters"')
    return quotas


Quotas = Annotated[tuple[QuotaSettings, ...], AfterValidator(_distinct)]
