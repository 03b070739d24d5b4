"""export - ``[[export]]``: a file made from the blacklist, for whom, of what, and what to run when it changed.

    [[export]]
    format  = "bind-ip4"
    output  = "/var/lib/bind/bl.example.org"
    level   = "strict"
    options = { nameservers = ["ns1.example.org"], text = "Listed, see https://rbl.example.org/{value}" }
    reload  = ["rndc", "reload", "bl.example.org"]

`FORMATS` says which options each format heeds; the others are refused, lest
somebody believe in one.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from responder.policyfile import Duration
from responder.settings.base import Absolute, Table

_HOST = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,62}\.?"
_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,25}$"  # 31 characters are the most that ipset takes; we add up to five
_PLACES = re.compile(r"\{([^{}]*)\}")
_LOOPBACK = IPv4Network("127.0.0.0/8")
PLACES = ("value", "kind", "level", "score", "category", "since", "until", "reason")
"""What may stand in braces in a text."""

_DNS = ("nameservers", "contact", "ttl", "serial")
_LISTS = ("text", "codes")
_POSTFIX = ("text", "action")

FORMATS: Mapping[str, tuple[str, ...]] = {
    "rbldnsd-ip4set": (*_DNS, *_LISTS, "nested"),
    "rbldnsd-ip4trie": (*_DNS, *_LISTS),
    "rbldnsd-ip6trie": (*_DNS, *_LISTS),
    "rbldnsd-ip6tset": (*_DNS, "codes"),
    "rbldnsd-dnset": (*_DNS, *_LISTS, "nested"),
    "bind-ip4": (*_DNS, *_LISTS, "nested", "zone"),
    "bind-ip6": (*_DNS, *_LISTS, "nested", "zone"),
    "bind-domains": (*_DNS, *_LISTS, "nested", "zone"),
    "rpz": (*_DNS, "zone", "policy"),
    "postfix-cidr": _POSTFIX,
    "postfix-client": (*_POSTFIX, "map"),
    "postfix-sender": (*_POSTFIX, "map"),
    "postscreen": (),
    "exim-hosts": ("text",),
    "exim-senders": ("text",),
    "sendmail": ("text",),
    "spamassassin": ("directive",),
    "adblock": (),
    "nftables": ("family", "table", "set"),
    "ipset": ("set", "maxelem"),
    "json": ("codes",),
    "csv": ("codes",),
    "plain": (),
}
"""Every format by name, and the options it heeds."""


def _host(name: str) -> str:
    if not re.fullmatch(_HOST, name) or len(name) > 200:
        raise ValueError(f"{name!r} is no full domain name; write one as in ns1.example.org")
    return name.rstrip(".").lower()


def _code(text: str) -> str:
    try:
        inside = IPv4Address(text) in _LOOPBACK
    except ValueError:
        inside = False
    if not inside or text == "127.0.0.1":
        raise ValueError(f"{text!r} is no answer of a blacklist; write one of 127.0.0.2 to 127.255.255.255")
    return text


def _one_line(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"{text!r} has characters that mail programs cannot say; write one line of ASCII")
    return text


def _template(text: str) -> str:
    _one_line(text)
    wrong = [name for name in _PLACES.findall(text) if name not in PLACES]
    if wrong or "{" in _PLACES.sub("", text) or "}" in _PLACES.sub("", text):
        known = ", ".join(f"{{{name}}}" for name in PLACES)
        raise ValueError(f"{text!r} has braces around something else; what may stand there is {known}")
    return text


Host = Annotated[str, AfterValidator(_host)]
Code = Annotated[str, AfterValidator(_code)]
Line = Annotated[str, AfterValidator(_one_line)]
Template = Annotated[str, AfterValidator(_template)]


class Codes(Table):
    """The A records that a DNS blacklist answers with, by level."""

    broad: Code = "127.0.0.2"
    moderate: Code = "127.0.0.3"
    strict: Code = "127.0.0.4"


class ExportOptions(Table):
    """What a format can be told; each heeds some (`FORMATS`)."""

    zone: Host | Literal[""] = Field(default="", description="$ORIGIN of the zone; left out: as the server calls it")
    nameservers: tuple[Host, ...] = Field(default=(), strict=False, description="who serves the zone; for SOA and NS")
    contact: Host | Literal[""] = Field(default="", description="for the SOA, with a dot for the @")
    ttl: int = Field(default=300, ge=0, le=86400, description="seconds that resolvers may keep an answer")
    serial: Literal["date", "epoch"] = Field(default="date", description="YYYYMMDDnn or seconds; never goes back")
    codes: Codes = Field(default=Codes(), description="A records for broad, moderate and strict")
    nested: bool = Field(default=True, description="a strict entry answers with the records of the lower levels, too")
    text: Template = Field(default="{reason}", description="TXT or refusal; {value}, {category} and others are put in")
    policy: Literal["nxdomain", "nodata", "drop"] = Field(default="nxdomain", description="what who asks gets")
    action: Line = Field(default="REJECT", description='what stands before the text: "550 5.7.1", DEFER, HOLD')
    map: Literal["", "hash", "lmdb", "cdb", "btree"] = Field(default="", description="also build this with postmap")
    directive: Literal["blocklist_from", "blacklist_from"] = Field(
        default="blocklist_from", description="blacklist_from where SpamAssassin is older than 4.0"
    )
    family: Literal["inet", "ip", "ip6", "netdev"] = Field(default="inet", description="of the nftables table")
    table: str = Field(default="blacklist", pattern=_NAME, description="nftables table, made where there is none")
    set: str = Field(default="blacklist", pattern=_NAME, description="name of the sets, with 4 and 6 behind it")
    maxelem: int = Field(default=4_000_000, ge=1, le=2**31 - 1, description="most elements of an ipset")


class ExportSettings(Table):
    """One file to keep."""

    format: str
    output: Absolute
    level: Literal["strict", "moderate", "broad"] = "broad"
    kinds: tuple[Literal["address", "network", "email", "domain", "url"], ...] = Field(default=(), strict=False)
    categories: tuple[str, ...] = Field(default=(), strict=False)
    families: tuple[Literal[4, 6], ...] = Field(default=(), strict=False)
    max_age: Duration | None = None
    bits_v4: tuple[int, int] = Field(default=(8, 32), strict=False)
    bits_v6: tuple[int, int] = Field(default=(16, 128), strict=False)
    options: ExportOptions = ExportOptions()
    reload: tuple[str, ...] = Field(default=(), strict=False)

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in FORMATS:
            raise ValueError(f"{name!r} is no format; known are {', '.join(FORMATS)}")
        return name

    @field_validator("bits_v4", "bits_v6")
    @classmethod
    def _range(cls, bits: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= bits[0] <= bits[1] <= 128:
            raise ValueError(f"{list(bits)} is no range of prefix lengths; write [16, 32], the widest network first")
        return bits

    @field_validator("reload")
    @classmethod
    def _program(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if words and not words[0]:
            raise ValueError('the command is empty; write the program and its words: ["rndc", "reload"]')
        return words

    @model_validator(mode="after")
    def _heeded(self) -> "ExportSettings":
        heeded = FORMATS[self.format]
        ignored = sorted(self.options.model_fields_set - set(heeded))
        if ignored:
            raise ValueError(
                f"{self.format} has no option {', '.join(ignored)}; its options are {', '.join(heeded) or 'none'}"
            )
        if self.format.startswith("bind-") and not self.options.nameservers:
            raise ValueError('a zone needs a nameserver; add options = { nameservers = ["ns1.example.org"] }')
        return self
