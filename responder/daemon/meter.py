"""meter - counts what the metrics tell, and says it once a second.

Labels are rules, policies and sources of the settings and nothing else: what an
attacker or an alert names never makes a series.  Who is banned is looked
through every ten seconds only, for it takes a while where there are many.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

import responder
from responder.config import Config
from responder.daemon.activity import Activity
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.logs import Found, Logs
from responder.daemon.sharing import Sharing
from responder.detect.detector import Detector
from responder.metrics.family import Family, Labels, gauge, gauges, pairs, total, totals
from responder.values import Ban

_LOOK_EVERY = 10.0  # seconds
_MOST_SERIES = 5000  # pairs of a rule and a policy: reloads may bring ever new ones
_OTHER = "other"


class Engine(Protocol):
    """What is told of."""

    config: Config
    started: float
    detector: Detector
    ledger: Ledger
    kernel: Kernel
    logs: Logs
    activity: Activity
    sharing: Sharing


class Meter:
    """Knows how often each rule and policy of *daemon* was met."""

    def __init__(self, daemon: Engine) -> None:
        self._daemon = daemon
        self._offences: Counter[Labels] = Counter()
        self._bans: Counter[Labels] = Counter()
        self._active: dict[str, float] = {}
        self._look_at = 0.0
        self._detector: Detector | None = None
        self._known: set[str] = set()

    def note(self, found: Iterable[Found]) -> None:
        """Count the offences that were *found*."""
        for one in found:
            for pair, count in Counter((offence.rule, offence.policy) for offence in one.offences).items():
                self._add(self._offences, pair, count)

    def banned(self, ban: Ban) -> None:
        """Count *ban*; what is no rule of ours, the number of an alert for one, is not told apart."""
        if self._detector is not self._daemon.detector:
            self._detector = self._daemon.detector
            self._known = {"", *(rule.id for rule in self._detector.rules)}
        self._add(self._bans, (ban.rule if ban.rule in self._known else _OTHER, ban.policy), 1)

    @staticmethod
    def _add(counted: Counter[Labels], pair: Labels, count: int) -> None:
        counted[pair if pair in counted or len(counted) < _MOST_SERIES else (_OTHER, _OTHER)] += count

    def families(self, now: float) -> Iterator[Family]:
        """Yield everything that there is to tell at *now*."""
        daemon = self._daemon
        info: dict[Labels, float] = {(responder.__version__, daemon.kernel.firewall.backend): 1.0}
        yield Family("gauge", "responder_build_info", "Version and firewall in use.", ("version", "backend"), info)
        yield gauge("start_timestamp_seconds", "When the daemon started.", daemon.started)
        yield gauge("rules", "Rules in force.", len(daemon.detector.rules))
        yield pairs("offences", "Offences that rules saw.", ("rule", "policy"), self._offences)
        yield pairs("bans", "Bans that were made.", ("rule", "policy"), self._bans)
        yield gauges("bans_active", "Bans in force.", "policy", self._in_force(now))
        yield gauge("tracked_addresses", "Counters held in memory.", daemon.ledger.tracker.tracked)
        dropped = daemon.ledger.tracker.dropped
        yield total("tracked_dropped", "Counters dropped because there were too many.", dropped)
        yield from self._of_sources()
        yield from self._of_the_store()
        yield from self._of_the_kernel(now)
        yield from self._of_the_blacklist()

    def _in_force(self, now: float) -> dict[str, float]:
        if now >= self._look_at or self._look_at - now > _LOOK_EVERY:
            self._look_at = now + _LOOK_EVERY
            counted = Counter(ban.policy for ban in self._daemon.ledger.tracker.bans(now))
            self._active = dict.fromkeys(self._daemon.config.policies, 0.0) | counted
        return self._active

    def _of_sources(self) -> Iterator[Family]:
        each = {log.settings.name: log for log in self._daemon.logs.each}
        yield totals("lines", "Lines read.", "source", {name: log.lines for name, log in each.items()})
        lags = {name: log.lag for name, log in each.items()}
        yield gauges("source_lag_seconds", "Age of the last offence when it was read.", "source", lags)
        behind = {name: float(sum(file.behind for file in log.files)) for name, log in each.items() if log.files}
        yield gauges("source_behind_bytes", "Bytes of the log not read yet.", "source", behind)
        silent = dict.fromkeys(each, 0.0) | Counter(one.source for one in self._daemon.activity.silent if one.rule)
        yield gauges("silent_rules", "Rules that used to match and do so no more.", "source", silent)
        whole = {one.source for one in self._daemon.activity.silent if not one.rule}
        quiet = {name: float(name in whole) for name in each}
        yield gauges("source_silent", "Whether no rule at all matches any more.", "source", quiet)

    def _of_the_store(self) -> Iterator[Family]:
        ledger = self._daemon.ledger
        yield gauge("store_up", "Whether the state store takes what it is given.", float(not ledger.trouble))
        yield gauge("store_owed", "Judgements that wait to be committed.", ledger.owed)
        yield gauge("last_commit_timestamp_seconds", "When the store was last written.", ledger.committed)

    def _of_the_kernel(self, now: float) -> Iterator[Family]:
        kernel = self._daemon.kernel
        yield gauge("firewall_up", "Whether the kernel can be told.", float(not kernel.trouble))
        owing = now - kernel.owing_since if kernel.owing_since else 0.0
        yield gauge("firewall_owing_seconds", "For how long the kernel could not be told.", max(0.0, owing))
        yield gauge("firewall_unanswered", "Requests that the actor has not answered yet.", kernel.firewall.unanswered)
        yield gauge("bans_unsettled", "Bans that the kernel has not confirmed.", kernel.unsettled)
        yield totals("firewall_requests", "What the actor answered.", "outcome", kernel.outcomes)
        yield total("firewall_mended", "Rules put back that others took away.", kernel.mended)
        yield total("firewall_starts", "Actors started or reached.", kernel.firewall.starts)

    def _of_the_blacklist(self) -> Iterator[Family]:
        sharing = self._daemon.sharing
        if sharing.works is not None:
            yield gauge("blacklist_up", "Whether the blacklist can be read and written.", float(sharing.works))
            made = "When an export was last made or found to be right."
            yield gauges("export_success_timestamp_seconds", made, "output", sharing.made)
