"""loop - the daemon: one loop that waits, takes what has come, decides, commits, applies.

Lines, requests at the control socket, answers of the firewall actor, signals and
the clock all come in here, one after the other, so nothing needs a lock.  In
each turn the batch is durable before the kernel is told; a crash anywhere leaves
a debt that the next start pays, never a ban forgotten or only imagined.

Told to stop, it leaves the rules in the kernel.  Told to read settings and rules
again, it keeps what was running where the new ones are bad.
"""

import logging
import os
import selectors
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from responder import config as configuration
from responder.config import Config, FirewallSettings
from responder.control.server import ControlServer
from responder.control.spool import Spool
from responder.daemon.activity import Activity
from responder.daemon.clock import Clock
from responder.daemon.guard import Guard
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import MOST_OWED, RECOVERED, Ledger
from responder.daemon.logs import Logs
from responder.daemon.readiness import Readiness
from responder.daemon.renewal import Renewal
from responder.daemon.reports import Reports
from responder.daemon.requests import Requests
from responder.daemon.responses import Responses
from responder.daemon.safety import Safety
from responder.daemon.sharing import Sharing
from responder.daemon.signals import Signals
from responder.decide.allowlist import Allowlist
from responder.detect.detector import Detector
from responder.enforce.backend import Target
from responder.enforce.firewall import Enforced
from responder.errors import Refused, StoreError
from responder.formats import alerts
from responder.notify import Notify
from responder.sources import Watch
from responder.times import format_duration
from responder.values import Ban, Prefix

_TICK = 1.0  # seconds
_CLEAN_EVERY = 60.0
_TOLD_BUSY, _TOLD_IDLE = 100, 1000  # bans that one turn writes to the log, 10 us each

_log = logging.getLogger("responder")


class Options(NamedTuple):
    """What the command line adds to the settings."""

    dry_run: bool = False
    trial: float = 0.0
    """Seconds after which everything is undone unless somebody confirms; 0 for no trial."""


class Daemon:
    """The engine of one host."""

    def __init__(self, config: Config, options: Options) -> None:
        """Take the state folder, read what an earlier process left, open everything.

        Raises Refused for bad rules, StoreError where state or socket cannot be had.
        """
        self.config = config
        self.started = self.now()
        self._clock = Clock(self.started)
        settings = config.settings
        self._selector = selectors.DefaultSelector()
        self._signals = Signals(self._selector)
        self._readiness = Readiness(Notify(os.environ))
        self.ledger = Ledger(Path(settings.state), "dry-run.db" if options.dry_run else "state.db")
        firewall = FirewallSettings(backend="dry-run") if options.dry_run else settings.firewall
        self.kernel = Kernel(firewall.backend, firewall.socket, self._selector)
        self.safety = Safety(self, options.trial)
        try:
            self._enforce_again()
            self.detector = Detector(config.in_force())
        except (Refused, StoreError):
            self.kernel.close()
            self.ledger.close()
            raise
        self._renewal = Renewal(self.kernel.firewall.find, self._renew)
        if any(source.format in alerts.FORMATS for source in settings.source):
            self.ledger.tracker.watch_for_alerts()
        self.ledger.load_windows(config.policies, self.started)
        self.responses = Responses(self, Spool(Path(settings.state) / "spool"))
        horizon = self.started - config.longest_window
        self.logs = Logs(settings.source, self.ledger.positions, horizon, self.started)
        self.activity = Activity(self.logs)
        self.sharing = Sharing(self, self._selector, dry_run=options.dry_run)
        self.reports = Reports(self, () if options.dry_run else settings.notify)
        self._control = ControlServer(Path(settings.control), self._selector, Requests(self).handle)
        self._selector.register(self.logs.arrivals, selectors.EVENT_READ, lambda _: self.logs.arrivals.drain())
        self._watch = Watch([log.settings.path for log in self.logs.each if log.settings.path], self._signals.wake)
        self._untold: deque[Ban] = deque()
        self._tick_at = self._clean_at = self._commit_at = 0.0

    def now(self) -> float:
        """Return the wall clock, in UTC epoch seconds."""
        return time.time()

    def _enforce_again(self) -> None:
        """Tell the kernel of the bans in force, before anything else that takes time: it may have forgotten them."""
        config, now = self.config, self.started
        self.kernel.firewall.connect(now)
        self.ledger.load_bans(config.policies, Allowlist(), config.settings.limits.tracked, now)
        self.guard = Guard(config.settings.allow, self.ledger.names, self._signals.wake)
        self.ledger.tracker.allowlist = self.guard.allowlist()
        self._lift_allowed(now)
        self.safety.begin(now)
        if self.ledger.kept_aside:
            self.kernel.recover(self._adopt)
        self.kernel.begin(self.ledger.tracker, now)

    def run(self) -> None:
        """Work until a signal says to stop."""
        try:
            with self._signals:
                while not self._signals.stopping:
                    busy = self.turn()
                    for key, events in self._selector.select(0 if busy else self._pause()):
                        key.data(events)
        finally:
            self.close()

    def turn(self) -> bool:
        """Take what the logs have through detection, decision, store and firewall; tell whether there was something."""
        now = self.now()
        due = self._tick(now)
        self.responses.work(look=due)
        if self.ledger.owed > MOST_OWED:
            self.commit()
            return False
        lines = self.logs.lines
        found = self.logs.poll(self.detector, now)
        bans = self.ledger.judge(found, now)
        self.activity.note(found, now)
        self.reports.note(found)
        if found or now >= self._commit_at or self._commit_at - now > _TICK:
            self.commit()
        in_force = [ban for ban in bans if ban.expires > now and self.ledger.tracker.in_force(ban)]
        if in_force:
            self.kernel.apply(in_force, [], now)
        self._untold.extend(bans)
        read = self.logs.lines != lines
        self._tell(_TOLD_BUSY if read else _TOLD_IDLE)
        return read or bool(self._untold) or self.sharing.busy

    def _tell(self, most: int) -> None:
        """Announce bans, up to *most*: in a flood the next ones are made and enforced first."""
        while self._untold and most > 0:
            self.announce(self._untold.popleft())
            most -= 1

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged and how far the logs were read; tell whether the store has it."""
        now = self.now()
        self._commit_at = now + _TICK
        return self.ledger.commit(self.logs.positions(), self.logs.lag, now, durable=durable)

    def lift(self, prefix: Prefix, by: str, now: float) -> tuple[Ban, ...]:
        """End the bans of *prefix*, and say so; committing and telling the firewall is the caller's."""
        lifted = self.ledger.lift(prefix, by, now)
        for ban in lifted:
            _log.info("unban %s (%s) by %s", ban.prefix, ban.policy, by)
        return lifted

    def announce(self, ban: Ban) -> None:
        """Say whom we ban, for how long and why."""
        self.reports.ban(ban, self.now())

    def _renew(self, bans: Sequence[Ban]) -> None:
        """Have *bans* follow those that are about to end while their addresses still knock."""
        for ban in bans:
            self.ledger.ban(ban)
        self.commit()
        self.kernel.apply(bans, [], self.now())
        for ban in bans:
            self.announce(ban)

    def _adopt(self, held: Mapping[Target, Enforced]) -> None:
        """Take back from the kernel the bans that a corrupt store no longer tells of."""
        now = self.now()
        held = {} if self.safety.panic.since else held
        known = {(ban.prefix, ban.scope) for ban in self.ledger.tracker.bans(now)}
        for (prefix, scope), enforced in held.items():
            if (prefix, scope) not in known and not self.ledger.tracker.allowlist.covering(prefix):
                reason = "in the kernel when the state store was lost"
                ban = Ban(prefix, scope, RECOVERED, "", now, enforced.expires, 1, reason)
                self.ledger.ban(ban)
                self.announce(ban)
        self.commit(durable=True)

    def close(self) -> None:
        """Commit what is owed and close everything; the rules stay in the kernel."""
        self._readiness.stopping()
        self._watch.close()
        self.safety.trial.close()
        self.commit()
        self._tell(len(self._untold))
        self.reports.close()
        self._control.close()
        self.sharing.close()
        self.kernel.close()
        self.logs.close()
        self.ledger.close()
        self._selector.close()
        self._signals.close()

    def _pause(self) -> float:
        """Return how long there is nothing to do unless something comes, in seconds."""
        return max(0.0, min(self._tick_at - self.now(), _TICK, self._readiness.pause))

    def _tick(self, now: float) -> bool:
        """Do what is done every turn, and what is done every second; tell whether a second is over."""
        if self._signals.reloading:
            self._signals.reloading = False
            self._readiness.reloading()
            self._reload(now)
        self.kernel.tend(self.ledger.tracker, now)
        self.sharing.tend(now)
        self._readiness.tend(self.kernel.synced or bool(self.kernel.trouble), self._fares)
        if now < self._tick_at and self._tick_at - now <= _TICK:
            return False
        self._tick_at = now + _TICK
        if step := self._clock.step(now):
            self._follow_the_clock(step)
        self._watch.rearm()
        self._renewal.tend(self.ledger.tracker, now)
        for ban in self.ledger.tracker.forget_ended(now):
            _log.info("the ban of %s (%s) is over", ban.prefix, ban.policy)
        if self.guard.news(now):
            self._protect(now)
        self.activity.tend(self.ledger, now)
        self.reports.tend(now)
        self._signals.stopping |= self.safety.over(now)
        if now >= self._clean_at or self._clean_at - now > _CLEAN_EVERY:
            self._clean(now)
        return True

    def _follow_the_clock(self, step: float) -> None:
        """Have bans end in the kernel when the clock says so that was set by *step* seconds, or slept for as long."""
        what = f"set back by {format_duration(-step)}" if step < 0 else f"{format_duration(step)} later all at once"
        _log.warning("the clock was %s; bans end by it, so the firewall is told of all of them again", what)
        self.safety.trial.shift(step)
        self.kernel.want_sync()

    def _protect(self, now: float) -> None:
        """Let a changed allowlist take effect: on windows, on bans, in the kernel."""
        allowlist = self.guard.allowlist()
        tracker = self.ledger.tracker
        if allowlist == tracker.allowlist:
            return
        tracker.allowlist = allowlist
        try:
            self.ledger.store.keep_names(self.guard.names)
        except StoreError as error:
            _log.warning("resolved names: %s", error)
        self._lift_allowed(now)
        self.commit()
        self.kernel.want_sync()
        self.sharing.protect()

    def _lift_allowed(self, now: float) -> None:
        """End the bans of whom the allowlist protects by now."""
        for ban in self.ledger.tracker.bans(now):
            allowed = self.ledger.tracker.allowlist.covering(ban.prefix)
            if allowed:
                self.lift(ban.prefix, f"the allowlist ({allowed.why})", now)

    def _clean(self, now: float) -> None:
        """Forget what is stale, in memory and in the store, a little at a time."""
        keep = self.config.settings.keep
        self.ledger.tracker.forget_stale(now - self.logs.lag)
        self.responses.forget(now)
        more = self.ledger.prune(now - keep.offences, keep.most_offences, now - keep.bans)
        self._clean_at = now + (_TICK if more else _CLEAN_EVERY)

    def _reload(self, now: float) -> None:
        """Read settings and rules again; keep those that run where the new ones are refused."""
        try:
            config = configuration.load(self.config.path)
            rules = config.in_force()
        except Refused as error:
            _log.error("the settings and rules that were running go on:\n%s", error)
            return
        fixed = ("state", "control", "firewall", "source", "metrics", "notify")
        changed = [key for key in fixed if getattr(config.settings, key) != getattr(self.config.settings, key)]
        if changed:
            _log.warning("reload: %s changed, which takes a restart", ", ".join(changed))
        self.sharing.reload(config)
        self.config, self.detector = config, Detector(rules)
        self.ledger.tracker.policies = config.policies
        self.guard = Guard(config.settings.allow, self.guard.names, self._signals.wake, self.guard.peers)
        self.safety.configure()
        self._protect(now)
        _log.info("reloaded: %d rules, %d policies", len(rules), len(config.policies))

    def _fares(self) -> str:
        """Return how we fare, in a line."""
        what = f"following {len(self.logs.each)} logs with {len(self.detector.rules)} rules"
        return "; ".join(filter(None, (what, self.kernel.trouble, self.ledger.trouble)))
