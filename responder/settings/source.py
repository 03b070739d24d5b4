"""source - a [[source]] of the settings: a log to follow, units of the journal, or a socket to listen at."""

import pwd
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from responder.formats.lines import NAMELESS
from responder.settings.base import AbsoluteOrNone, Network, Table, Zone
from responder.settings.endpoint import Endpoint
from responder.values import Prefix

_HERE = (Prefix.parse("127.0.0.0/8"), Prefix.parse("::1"))
_ONE_OF = 'write path = "/var/log/mail.log", journal = ["ssh.service"] or listen = "udp:127.0.0.1:514"'


def _endpoint(text: str) -> str:
    if text:
        Endpoint.parse(text)
    return text


def _user(name: str) -> str:
    if not name.isdigit():
        try:
            pwd.getpwnam(name)
        except KeyError:
            raise ValueError(f"there is no user {name!r}; name one of this host, or write his number") from None
    return name


def _wanted(name: str) -> str:
    if not name or not name.isprintable() or "," in name:
        raise ValueError(f'{name!r} is no unit and no name; write "ssh.service", "postfix@*.service" or "sshd"')
    return name


class SourceSettings(Table):
    """Where lines come from: exactly one of *path*, *journal* and *listen* says it."""

    path: AbsoluteOrNone = ""
    journal: tuple[Annotated[str, AfterValidator(_wanted)], ...] = Field(default=(), strict=False)
    directory: AbsoluteOrNone = ""
    listen: Annotated[str, AfterValidator(_endpoint)] = ""
    peers: tuple[Network, ...] = Field(default=_HERE, strict=False)
    users: tuple[Annotated[str, AfterValidator(_user)], ...] = Field(default=(), strict=False)
    format: Literal["syslog", "plain", "access-log", "json", "ossec-log", "ossec-json", "wazuh-json"] = "syslog"
    program: str = ""
    timezone: Zone = Field(default="local", validate_default=True)

    @property
    def name(self) -> str:
        """Return what to call it, as the administrator wrote it."""
        return self.path or self.listen or f"journal:{self.directory and self.directory + ':'}{','.join(self.journal)}"

    @property
    def user_ids(self) -> frozenset[int]:
        """Return the numbers of *users*."""
        return frozenset(int(one) if one.isdigit() else pwd.getpwnam(one).pw_uid for one in self.users)

    @model_validator(mode="after")
    def _one_place(self) -> "SourceSettings":
        given = [key for key in ("path", "journal", "listen") if getattr(self, key)]
        if len(given) != 1:
            raise ValueError(f"{' and '.join(given) or 'nothing'} says where lines come from; {_ONE_OF}")
        for key, belongs in (("directory", ("journal",)), ("peers", ("listen",)), ("users", ("journal", "listen"))):
            if key in self.model_fields_set and given[0] not in belongs:
                raise ValueError(f"{key} means nothing beside {given[0]}; leave it out")
        if self.format.endswith(("-json", "-log")) and self.format != "access-log" and not self.path:
            raise ValueError(f"alerts come from a file; write path instead of {given[0]}")
        return self

    @model_validator(mode="after")
    def _named(self) -> "SourceSettings":
        if self.format in NAMELESS and not self.program:
            raise ValueError('lines of this format do not say whose they are; add program = "nginx", or what it is')
        return self
