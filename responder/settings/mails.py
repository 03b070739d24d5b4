"""mails - what ``[blacklist]`` says about reading reported mails: our servers, our domains, domains that serve many."""

from typing import Annotated

from pydantic import AfterValidator, Field

from responder.settings.base import Table
from responder.values import Prefix

WELL_KNOWN = (
    *("amazonaws.com", "apple.com", "bing.com", "cloudflare.com", "dropbox.com", "facebook.com", "github.com"),
    *("gmail.com", "gmx.de", "gmx.net", "google.com", "googleapis.com", "googleusercontent.com", "hotmail.com"),
    *("instagram.com", "linkedin.com", "live.com", "microsoft.com", "office.com", "outlook.com", "paypal.com"),
    *("t-online.de", "telegram.org", "twitter.com", "w3.org", "web.de", "whatsapp.com", "wikipedia.org"),
    *("windows.net", "x.com", "yahoo.com", "youtube.com"),
)
"""Domains that good and bad mails name alike; a list of one's own replaces them."""


def _name(text: str) -> str:
    name = text.strip().rstrip(".").lower()
    if not name.isascii() or not all(
        part.replace("-", "").replace("_", "").isalnum() for part in name.lstrip(".").split(".")
    ):
        raise ValueError(f"{text!r} is no domain; write example.org")
    return name


def _server(text: str) -> str:
    try:
        return str(Prefix.parse(text))
    except ValueError:
        pass
    try:
        return _name(text)
    except ValueError:
        what = f"{text!r} is neither network nor host name"
        raise ValueError(
            f"{what}; write 192.0.2.25, 192.0.2.0/28, mx.example.org, or .example.org for every host there"
        ) from None


Name = Annotated[str, AfterValidator(_name)]
Server = Annotated[str, AfterValidator(_server)]


class MailSettings(Table):
    """What to know of a reported mail: whose Received fields to believe, and what not to propose."""

    trusted: tuple[Server, ...] = Field(default=(), strict=False)
    own: tuple[Name, ...] = Field(default=(), strict=False)
    well_known: tuple[Name, ...] = Field(default=WELL_KNOWN, strict=False)
