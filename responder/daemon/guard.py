"""guard - keeps the allowlist true while the world changes.

The settings' networks stand still; the host's own addresses, gateways and
resolvers are looked at every minute; host names are resolved every five
minutes, in a thread because a resolver may take its time.  A name that does not
resolve keeps the addresses it last had, across restarts too.  From where
administrators are logged in, `Peers` knows.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from responder import host
from responder.config import AllowSettings
from responder.daemon.peers import Peers
from responder.decide.allowlist import Allowed, Allowlist
from responder.values import Prefix

_LOOK_EVERY = 60.0  # seconds
_RESOLVE_EVERY = 300.0
_log = logging.getLogger("responder")

Names = dict[str, tuple[Prefix, ...]]


def resolve(hosts: Sequence[str]) -> tuple[Names, dict[str, str]]:
    """Return the addresses of those *hosts* that have some, and why the others have none."""
    found: Names = {}
    unresolved = {}
    for name in hosts:
        try:
            found[name] = host.resolve(name)
        except OSError as error:
            unresolved[name] = str(error)
    return found, unresolved


def allowlist(
    settings: AllowSettings, names: Mapping[str, tuple[Prefix, ...]], peers: Iterable[Allowed] = ()
) -> Allowlist:
    """Return the allowlist as things stand: settings, resolved names, what this host needs, who is logged in."""
    return Allowlist(
        [
            *(Allowed(network, "allow.networks in the settings") for network in settings.networks),
            *(Allowed(at, f"{name} in allow.hosts") for name, found in names.items() for at in found),
            *host.indispensable(),
            *peers,
        ]
    )


class Guard:
    """Knows what must be allowed now; *wake* is called from the resolving thread when there is news."""

    def __init__(
        self, settings: AllowSettings, names: Names, wake: Callable[[], None], peers: Peers | None = None
    ) -> None:
        self.settings = settings
        self.peers = Peers(settings.login_ports, wake, peers)
        self.names = {name: found for name, found in names.items() if name in settings.hosts}
        self.unresolved: dict[str, str] = {}
        self._wake = wake
        self._news: queue.SimpleQueue[tuple[Names, dict[str, str]]] = queue.SimpleQueue()
        self._resolving: threading.Thread | None = None
        self._look_at = self._resolve_at = 0.0

    def allowlist(self) -> Allowlist:
        """Return the allowlist as things stand."""
        return allowlist(self.settings, self.names, self.peers.allowed)

    def news(self, now: float) -> bool:
        """Look whether it is time to look; tell whether the allowlist may have changed."""
        due = now >= self._resolve_at or self._resolve_at - now > _RESOLVE_EVERY
        if self.settings.hosts and due and not (self._resolving and self._resolving.is_alive()):
            self._resolve_at = now + _RESOLVE_EVERY
            self._resolving = threading.Thread(target=self._resolve, name="resolver", daemon=True)
            self._resolving.start()
        changed = self._take() | self.peers.news(now)
        if now >= self._look_at or self._look_at - now > _LOOK_EVERY:
            self._look_at = now + _LOOK_EVERY
            return True
        return changed

    def _resolve(self) -> None:
        """Run in the thread; touches nothing but the queue."""
        self._news.put(resolve(self.settings.hosts))
        self._wake()

    def _take(self) -> bool:
        """Take in what the thread has found; tell whether it is new."""
        before = dict(self.names)
        while not self._news.empty():
            found, unresolved = self._news.get()
            self.names.update(found)
            for name in unresolved.keys() - self.unresolved.keys():
                _log.warning("allow.hosts: %s: %s; its last known addresses stay allowed", name, unresolved[name])
            self.unresolved = unresolved
        return self.names != before
