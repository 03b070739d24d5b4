"""notify - a [[notify]] of the settings: who hears of what, by mail, a web hook, or a program."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from responder.policyfile import Duration
from responder.settings.base import AbsoluteOrNone, Table
from responder.times import HOUR

Event = Literal["ban", "digest", "trouble", "panic"]
PLACES = ("event", "title", "text", "prefix", "policy", "rule", "expires", "host")
"""What may stand in braces as a word of a command."""

ADDRESS = r"^[A-Za-z0-9._%+=/-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"
_SERVER = r"^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"
_OWN = {
    "mail": ("server", "sender", "to", "tls", "user", "password_file", "ca_file", "xarf", "contact"),
    "webhook": ("url", "secret_file", "ca_file"),
    "exec": ("command",),
}
_NEEDED = {"mail": ("sender", "to"), "webhook": ("url",), "exec": ("command",)}


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if re.search(r"[{}]", word) and word[1:-1] not in PLACES:
            known = ", ".join(f'"{{{name}}}"' for name in PLACES)
            raise ValueError(f"{word!r} mixes braces with other text; a value is a word of its own: {known}")
    if words and not words[0].startswith("/"):
        raise ValueError(f"{words[0]!r} is no program with its whole path; write /usr/local/bin/tell")
    return words


def _url(url: str) -> str:
    """Return *url* where it is one; it is never shown, for it may be a secret."""
    right = "write https://hooks.example.org/responder"
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and parts.port != 0 and bool(re.fullmatch(r"https?://[\x21-\x7e]+", url))
    except ValueError:
        known = False
    if url and not known:
        raise ValueError(f"it is no address of the web; {right}")
    if "@" in parts.netloc:
        raise ValueError(f"a user before the @ would not be sent; {right}, and sign with secret_file")
    return url


Address = Annotated[str, Field(pattern=ADDRESS)]
Words = Annotated[tuple[str, ...], AfterValidator(_words)]


class NotifySettings(Table):
    """One who is told."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
    kind: Literal["mail", "webhook", "exec"]
    on: tuple[Event, ...] = Field(default=("trouble", "panic"), strict=False)
    policies: tuple[str, ...] = Field(default=(), strict=False)
    per_hour: Annotated[int, Field(ge=1, le=100_000)] = 60
    every: Duration = HOUR
    server: Annotated[str, Field(pattern=_SERVER)] = "127.0.0.1:25"
    sender: Address | Literal[""] = ""
    to: tuple[Address, ...] = Field(default=(), strict=False)
    tls: Literal["", "none", "starttls", "tls"] = ""
    user: str = ""
    password_file: AbsoluteOrNone = ""
    ca_file: AbsoluteOrNone = ""
    xarf: bool = False
    contact: Words = Field(default=(), strict=False)
    url: Annotated[str, AfterValidator(_url)] = ""
    secret_file: AbsoluteOrNone = ""
    command: Words = Field(default=(), strict=False)

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Return where the mail server listens."""
        host, _, port = self.server.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def encrypted(self) -> Literal["none", "starttls", "tls"]:
        """Return how the mail server is spoken to: in clear on this host only, unless the administrator says so."""
        here = self.host_and_port[0] in ("127.0.0.1", "::1", "localhost")
        return self.tls or ("none" if here else "starttls")

    @model_validator(mode="after")
    def _fits(self) -> "NotifySettings":
        for kind, keys in _OWN.items():
            foreign = sorted(self.model_fields_set & set(keys) - set(_OWN[self.kind]))
            if kind != self.kind and foreign:
                raise ValueError(f"{foreign[0]} means nothing for {self.kind}; leave it out")
        for key in _NEEDED[self.kind]:
            if not getattr(self, key):
                raise ValueError(f"{self.kind} needs {key}; add it")
        if self.user and self.encrypted == "none" and self.tls != "none":
            raise ValueError('a password in clear; add tls = "starttls", or tls = "none" if that is what you want')
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together; add the other")
        return self
