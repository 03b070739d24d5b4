"""config - responder.toml into typed settings.

Everything has a default, unknown keys are errors, and all problems are told at
once, each with file, key, what is wrong and what would be right.  The file is
the one named on the command line, else by RESPONDER_CONFIG, else
/etc/responder/responder.toml where there is one.
"""

import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from responder import rulecache
from responder.decide.policy import Policy
from responder.detect import library
from responder.detect.rule import Rule
from responder.errors import ConfigError, Refused
from responder.policyfile import Duration, Port, merge
from responder.settings.base import Absolute, AbsoluteOrNone, Network, Table
from responder.settings.blacklist import BlacklistSettings
from responder.settings.export import ExportSettings
from responder.settings.metrics import MetricsSettings
from responder.settings.notify import NotifySettings
from responder.settings.quota import PolicydSettings, Quotas
from responder.settings.source import SourceSettings
from responder.times import DAY
from responder.validate import validate
from responder.whereabouts import DEFAULT_CONTROL, DEFAULT_STATE

USUAL_LOGS = ("/var/log/mail.log", "/var/log/maillog", "/var/log/auth.log", "/var/log/secure")
"""Where Debian (mail.log, auth.log) and Red Hat (maillog, secure) keep what we read; those that exist are followed."""


SSHD_UNITS = ("ssh.service", "sshd.service", "sshd", "sshd-session")
"""sshd in the journal, by unit and by name: a process of it may end too soon to have a unit."""
POSTFIX_UNITS = ("postfix.service", "postfix@-.service")
USUAL_UNITS = (*SSHD_UNITS, *POSTFIX_UNITS, "dovecot.service", "exim4.service", "responder-policyd.service")
"""What is followed in the journal where there are no such logs."""
JOURNAL = Path("/run/systemd/journal/socket")
"""There where journald runs."""


class FirewallSettings(Table):
    """How the kernel is told."""

    backend: Literal["auto", "nftables", "iptables", "iptables-ipset", "iptables-plain", "dry-run"] = "auto"
    socket: AbsoluteOrNone = ""


class AllowSettings(Table):
    """Whom never to ban."""

    networks: tuple[Network, ...] = Field(default=(), strict=False)
    hosts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,253}$")], ...] = Field(default=(), strict=False)
    logins: tuple[Port, ...] = Field(default=("22",), strict=False)

    @property
    def login_ports(self) -> tuple[int, ...]:
        """Return the TCP ports of *logins*: who is logged in there is never banned."""
        return tuple(int(port) for port in self.logins if port.isdigit())


class KeepSettings(Table):
    """How long the state store remembers."""

    offences: Duration = 30 * DAY
    bans: Duration = 365 * DAY
    most_offences: Annotated[int, Field(ge=1000)] = 2_000_000


class LimitSettings(Table):
    """What bounds memory, and what bounds a mistake: bans a minute (0: any number), and the size of networks."""

    tracked: Annotated[int, Field(ge=100)] = 1_000_000
    bans_per_minute: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    widest_v4: Annotated[int, Field(ge=0, le=32)] = 8
    widest_v6: Annotated[int, Field(ge=0, le=128)] = 16


def _usual_sources() -> tuple[SourceSettings, ...]:
    there = [path for path in USUAL_LOGS if os.path.exists(path)]  # noqa: PTH110 - no error for a closed folder
    if not there and JOURNAL.exists():
        return (SourceSettings(journal=USUAL_UNITS),)
    return tuple(SourceSettings(path=path) for path in there or USUAL_LOGS)


class Settings(Table):
    """The whole file."""

    state: Absolute = DEFAULT_STATE
    control: Absolute = DEFAULT_CONTROL
    rules: tuple[Absolute, ...] = Field(default=(), strict=False)
    disable: tuple[str, ...] = Field(default=(), strict=False)
    enable: tuple[str, ...] = Field(default=(), strict=False)
    firewall: FirewallSettings = FirewallSettings()
    source: tuple[SourceSettings, ...] = Field(default_factory=_usual_sources, strict=False)
    policy: Mapping[str, Any] = Field(default_factory=dict)
    allow: AllowSettings = AllowSettings()
    keep: KeepSettings = KeepSettings()
    limits: LimitSettings = LimitSettings()
    blacklist: BlacklistSettings = BlacklistSettings()
    export: tuple[ExportSettings, ...] = Field(default=(), strict=False)
    policyd: PolicydSettings = PolicydSettings()
    quota: Quotas = Field(default=(), strict=False)
    metrics: MetricsSettings = MetricsSettings()
    notify: tuple[NotifySettings, ...] = Field(default=(), strict=False)


class Config(NamedTuple):
    """Settings, where they came from (nowhere: the defaults), and the policies they come to."""

    path: Path | None
    settings: Settings
    policies: Mapping[str, Policy]

    @property
    def longest_window(self) -> float:
        """Return the longest span that any policy looks back over, in seconds."""
        return max(policy.within for policy in self.policies.values())

    @property
    def rule_folders(self) -> tuple[Path, ...]:
        """Return the folders of rules, the shipped one first."""
        return (library.shipped(), *map(Path, self.settings.rules))

    def in_force(self) -> tuple[Rule, ...]:
        """Return the rules that these settings put in force, proven now or before; raises Refused."""
        asked = self.settings
        return rulecache.load(self.rule_folders, self.policies, asked.disable, Path(asked.state), asked.enable)

    def rules(self) -> library.Library:
        """Return the rules that these settings put in force, and those that are off; raises Refused."""
        return library.survey(self.rule_folders, self.policies, self.settings.disable, self.settings.enable)


def load(path: Path | None) -> Config:
    """Return the settings in *path*, or the defaults for None.

    Raises Refused with every problem.
    """
    data = _read(path) if path else {}
    where = path or Path("the defaults")
    settings, problems = validate(Settings, data, lambda key, what, remedy: ConfigError(where, key, what, remedy))
    shipped = library.shipped() / library.POLICIES
    policies, wrong = merge(shipped, _read(shipped).get("policy", {}), where, data.get("policy", {}))
    if settings is None or problems or wrong:
        raise Refused([*problems, *wrong])
    config = Config(path, settings, policies)
    if contradictions := list(_contradictions(config, where)):
        raise Refused(contradictions)
    return config


def _contradictions(config: Config, where: Path) -> Iterator[ConfigError]:
    """Yield what is right by itself, and not beside something else in the same file."""
    settings = config.settings
    outputs = Counter(one.output for one in settings.export)
    for twice in sorted(output for output, times in outputs.items() if times > 1):
        yield ConfigError(where, "export.output", f"two exports write {twice}", "give each a file of its own")
    if len({one.name for one in settings.notify}) < len(settings.notify):
        yield ConfigError(where, "notify.name", "two have one name", "give each a name of its own")
    for name, family in sorted(_too_wide(config)):
        what = "bans wider networks than limits.widest_v4 and widest_v6 allow"
        remedy = "give it longer prefixes, or lower the limit"
        yield ConfigError(where, f"policy.{name}.prefix_{family}", what, remedy)
    policyd = settings.policyd
    if (policyd.reject_listed or policyd.report_suspended) and not settings.blacklist.url:
        key = "reject_listed" if policyd.reject_listed else "report_suspended"
        yield ConfigError(where, f"policyd.{key}", "there is no blacklist", "set blacklist.url, or leave it out")
    if settings.keep.offences < config.longest_window:
        what = "offences are forgotten before the longest policy window is over"
        yield ConfigError(where, "keep.offences", what, "keep them longer, or shorten the policy's within")


def _too_wide(config: Config) -> Iterator[tuple[str, str]]:
    """Yield the policies that ban wider networks than the limits allow, with the family."""
    limits = config.settings.limits
    for policy in config.policies.values():
        if policy.prefix_v4 < limits.widest_v4:
            yield policy.name, "v4"
        if policy.prefix_v6 < limits.widest_v6:
            yield policy.name, "v6"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Refused([ConfigError(path, "", "there is no such file", "create it, or name another")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([ConfigError(path, "", f"cannot be read: {error}", "make it a readable UTF-8 file")]) from None
    except tomllib.TOMLDecodeError as error:
        raise Refused([ConfigError(path, "", f"no TOML: {error}", "mend the syntax there")]) from None
