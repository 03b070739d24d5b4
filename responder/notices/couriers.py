"""couriers - all who are told: which notice goes to whom, and how much."""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from responder.decide.gate import Gate
from responder.notices.courier import Courier
from responder.notices.digest import Digest
from responder.notices.notice import Notice
from responder.settings.notify import Event, NotifySettings
from responder.times import HOUR, format_duration, format_time
from responder.values import Ban

_MODULES = {"mail": "mail", "webhook": "webhook", "exec": "program"}


def sender(settings: NotifySettings) -> Callable[[Notice], None]:
    """Return what brings notices as *settings* say; TLS and the like are loaded where somebody wants them."""
    send: Callable[[NotifySettings, Notice], None]
    send = importlib.import_module(f"responder.notices.{_MODULES[settings.kind]}").send
    return partial(send, settings)


class Told:
    """One who is told, as *settings* say."""

    def __init__(self, settings: NotifySettings) -> None:
        self.settings = settings
        self.courier = Courier(settings.name, sender(settings))
        self._digest = Digest(settings.every)
        self._gate = Gate(settings.per_hour, HOUR)
        self._untold = 0

    def wants(self, event: Event) -> bool:
        """Tell whether he is to hear of *event*."""
        return event in self.settings.on

    def ban(self, ban: Ban, now: float, host: str, evidence: Callable[[], Sequence[str]]) -> None:
        """Tell of *ban*, by itself or with others."""
        if self.settings.policies and ban.policy not in self.settings.policies:
            return
        if self.wants("digest"):
            self._digest.add(ban, now)
        if self.wants("ban") and not self._gate.admits(now):
            self._untold += 1
        elif self.wants("ban"):
            lines = tuple(evidence()) if self.settings.xarf else ()
            self.courier.post(of_ban(ban, host, self._untold, lines))
            self._untold = 0

    def tend(self, now: float, host: str, *, last: bool = False) -> None:
        """Tell what has gathered, when it is time or for the *last* time."""
        if notice := self._digest.take(now, host, last=last):
            self.courier.post(notice)


class Couriers:
    """Everybody whom *settings* name."""

    def __init__(self, settings: Iterable[NotifySettings], host: str) -> None:
        self.each = tuple(map(Told, settings))
        self._host = host

    def ban(self, ban: Ban, now: float, evidence: Callable[[], Sequence[str]]) -> None:
        """Tell of *ban*; *evidence* is asked for the lines where they are wanted."""
        for told in self.each:
            told.ban(ban, now, self._host, evidence)

    def tell(self, event: Event, title: str, text: str, facts: Mapping[str, Any]) -> None:
        """Tell those who want to hear of *event*."""
        notice = Notice(event, f"{self._host}: {title}", text, {"host": self._host, **facts})
        for told in self.each:
            if told.wants(event):
                told.courier.post(notice)

    def tend(self, now: float) -> None:
        """Tell what has gathered, when it is time."""
        for told in self.each:
            told.tend(now, self._host)

    def close(self, now: float) -> None:
        """Bring what can be brought in a moment, and what has gathered with it."""
        for told in self.each:
            told.tend(now, self._host, last=True)
        for told in self.each:
            told.courier.close()


def of_ban(ban: Ban, host: str, untold: int = 0, evidence: tuple[str, ...] = ()) -> Notice:
    """Return the notice of *ban*; *untold* others were not told of since the last."""
    lasting = format_duration(ban.expires - ban.start)
    title = f"{host}: {ban.prefix} is banned for {lasting}"
    more = f"\n{untold} bans before this one were not told of: more than per_hour" if untold else ""
    facts = {
        "host": host,
        "prefix": str(ban.prefix),
        "scope": str(ban.scope),
        "policy": ban.policy,
        "rule": ban.rule,
        "start": format_time(ban.start),
        "expires": format_time(ban.expires),
        "nth": ban.nth,
        "reason": ban.reason,
    }
    return Notice("ban", title, f"{title}, no. {ban.nth}\n{ban.reason}{more}", facts, evidence)
