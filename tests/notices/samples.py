"""samples - notices and bans as a test needs them."""

from collections.abc import Mapping
from typing import Any

from responder.notices.couriers import of_ban
from responder.notices.notice import Notice
from responder.settings.notify import NotifySettings
from responder.values import Ban, Prefix, Scope

NOON = 1_795_435_200.0
EVIL = "$(touch /tmp/owned); `id` \r\nBcc: victim@example.org\r\n\x00-rf"


def a_ban(prefix: str = "192.0.2.7", **given: Any) -> Ban:
    known: Mapping[str, Any] = {
        "scope": Scope(), "policy": "login", "rule": "sshd-x", "start": NOON, "expires": NOON + 3600, "nth": 1,
        "reason": "3 counted",
    }  # fmt: skip
    return Ban(Prefix.parse(prefix), **{**known, **given})


def a_notice(**given: Any) -> Notice:
    return of_ban(a_ban(**given), "mx")


def told(**settings: Any) -> NotifySettings:
    return NotifySettings(**{"name": "x", **settings})
