"""safety - what keeps the administrator from locking out himself or everybody: panic, a trial, caps.

Panic   nobody is banned until somebody says so
Trial   bans do not stay unless somebody says so
Gate    never more than ``limits.bans_per_minute``; the log says when that bites
"""

import logging
from pathlib import Path
from typing import Any, Protocol

from responder.config import Config, LimitSettings
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.panic import Panic
from responder.daemon.trial import Trial
from responder.errors import UsageError
from responder.times import MINUTE, format_time
from responder.values import Prefix

_log = logging.getLogger("responder")


class Engine(Protocol):
    """What is kept safe."""

    config: Config
    ledger: Ledger
    kernel: Kernel

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged; tell whether the store has it."""


class Safety:
    """Guards *daemon*; *trial* seconds are tried, 0 for no trial."""

    def __init__(self, daemon: Engine, trial: float) -> None:
        folder = Path(daemon.config.settings.state)
        self._daemon = daemon
        self.panic, self.trial = Panic(daemon, folder), Trial(daemon, folder, trial)
        self._kept_back = self._before = 0
        self._biting_until = 0.0

    def begin(self, now: float) -> None:
        """Take care of the bans of earlier processes, before the kernel is told of them; raises StoreError."""
        self.configure()
        self.panic.begin(now)
        self.trial.begin(now)

    def configure(self) -> None:
        """Heed the settings as they are now."""
        self._daemon.ledger.tracker.gate.most = self._daemon.config.settings.limits.bans_per_minute

    def over(self, now: float) -> bool:
        """Say when the cap bites and when it does so no more; tell whether we should stop."""
        gate = self._daemon.ledger.tracker.gate
        if gate.kept_back > self._kept_back and not gate.closed:
            if not self._biting_until:
                self._before = self._kept_back
                what = "limits.bans_per_minute: %d bans in a minute; whom else a policy would ban is counted only"
                _log.warning(what, gate.most)
            self._biting_until = now + MINUTE
        elif self._biting_until and now >= self._biting_until:
            self._biting_until = 0.0
            count = gate.kept_back - self._before
            _log.warning("limits.bans_per_minute: %d bans were not made; from now on all are made again", count)
        self._kept_back = gate.kept_back
        return self.trial.over(now)

    def refuse(self, prefix: Prefix) -> None:
        """Raise UsageError where nobody may ban *prefix* by hand."""
        if self.panic.since:
            raise UsageError(f"there is panic, by {self.panic.by}: nobody is banned until `responder panic --resume`")
        if problem := too_wide(self._daemon.config.settings.limits, prefix):
            raise UsageError(problem)

    def status(self, now: float) -> dict[str, Any]:
        """Return how things stand."""
        panic, trial = self.panic, self.trial
        return {
            "panic": {"since": format_time(panic.since), "by": panic.by} if panic.since else None,
            "trial": {"until": format_time(trial.until), "seconds_left": max(0, round(trial.until - now))}
            if trial.until
            else None,
            "kept_back": self._daemon.ledger.tracker.gate.kept_back,
            "capped": bool(self._biting_until),
        }


def too_wide(limits: LimitSettings, prefix: Prefix) -> str:
    """Return why *prefix* is too wide to be banned, or nothing."""
    widest = limits.widest_v4 if prefix.family == 4 else limits.widest_v6
    if prefix.bits >= widest:
        return ""
    return f"{prefix} is wider than limits.widest_v{prefix.family} = {widest}; ban a smaller network"
