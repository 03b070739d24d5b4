"""requests - what the control socket can be asked, and the answers.

Every answer is a JSON object; one with an "error" says why the request was
refused.  Changes are answered when the kernel has them and the disk has them.
"""

import os
from collections.abc import Callable
from typing import Protocol

import responder
from responder.config import Config
from responder.daemon import asked, byhand, shown
from responder.daemon.activity import Activity
from responder.daemon.byhand import enforced
from responder.daemon.guard import Guard
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.daemon.logs import Logs
from responder.daemon.responses import Responses
from responder.daemon.safety import Safety
from responder.daemon.sharing import Sharing
from responder.detect.detector import Detector
from responder.enforce.backend import Target
from responder.enforce.firewall import held_in
from responder.errors import StoreError, UsageError
from responder.framing import Message
from responder.times import DAY, format_duration, format_time
from responder.values import Ban, Prefix

_MOST_SHOWN = 1000
Reply = Callable[[Message], None]


class Engine(Protocol):
    """What requests need of the daemon."""

    config: Config
    started: float
    detector: Detector
    ledger: Ledger
    kernel: Kernel
    logs: Logs
    guard: Guard
    responses: Responses
    activity: Activity
    safety: Safety
    sharing: Sharing

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged; tell whether the store has it."""

    def lift(self, prefix: Prefix, by: str, now: float) -> tuple[Ban, ...]:
        """End the bans of *prefix*, and return them."""

    def announce(self, ban: Ban) -> None:
        """Say whom we ban, for how long and why."""


class Requests:
    """Answers requests out of what *daemon* holds."""

    def __init__(self, daemon: Engine) -> None:
        self._daemon = daemon
        self._answers: dict[str, Callable[[Message, Reply], None]] = {
            "ping": lambda _, reply: reply({"pid": os.getpid()}),
            "status": lambda _, reply: reply(self.status()),
            "bans": self._bans,
            "held": self._held,
            "ban": self._ban,
            "adopt": lambda request, reply: byhand.adopt(daemon, request, reply),
            "unban": self._unban,
            "explain": self._explain,
            "flush": self._flush,
            "panic": self._panic,
            "resume": self._resume,
            "confirm": self._confirm,
            "respond": daemon.responses.ask,
        }

    def handle(self, request: Message, reply: Reply) -> None:
        """Answer *request*, now or when the firewall has spoken."""
        answer = self._answers.get(str(request.get("do")))
        if answer is None:
            reply({"error": f"an unknown request, {request.get('do')!r}; known are {', '.join(self._answers)}"})
            return
        try:
            answer(request, reply)
        except (UsageError, StoreError, ValueError) as error:
            reply({"error": str(error)})

    def status(self) -> Message:
        """Return how everything fares."""
        daemon, now = self._daemon, self._daemon.now()
        ledger, kernel, tracker = daemon.ledger, daemon.kernel, daemon.ledger.tracker
        return {
            "version": responder.__version__,
            "pid": os.getpid(),
            "since": format_time(daemon.started),
            "config": str(daemon.config.path or "defaults"),
            "rules": len(daemon.detector.rules),
            "firewall": {
                "backend": kernel.firewall.backend,
                "why": kernel.firewall.why,
                "settled": kernel.settled,
                "error": kernel.trouble,
                "owing_seconds": round(now - kernel.owing_since) if kernel.owing_since else 0,
                "mended": kernel.mended,
                "unanswered": kernel.firewall.unanswered,
                "actor_starts": kernel.firewall.starts,
            },
            "store": {
                "path": str(ledger.store.path),
                "error": ledger.trouble,
                "owed": ledger.owed,
                "kept_aside": str(ledger.kept_aside or ""),
            },
            "blacklist": daemon.sharing.status(),
            "lines": daemon.logs.lines,
            "offences": sum(log.offences for log in daemon.logs.each),
            "bans": len(tracker.bans(now)),
            "tracked": tracker.tracked,
            "tracked_dropped": tracker.dropped,
            "allowlist": [{"prefix": str(entry.prefix), "why": entry.why} for entry in tracker.allowlist.entries],
            "unresolved": daemon.guard.unresolved,
            "safety": daemon.safety.status(now),
            "silent": [shown.silent(one) for one in daemon.activity.silent],
            "sources": [shown.source(log) for log in daemon.logs.each],
        }

    def _bans(self, _request: Message, reply: Reply) -> None:
        now = self._daemon.now()
        bans = sorted(self._daemon.ledger.tracker.bans(now), key=lambda ban: ban.expires)

        def add_counters(answer: Message) -> None:
            held = held_in(answer)
            rows = [shown.enforced(ban, now, held.get(Target(ban.prefix, ban.scope))) for ban in bans]
            reply({"bans": rows, "kernel_error": answer.get("error", "")})

        self._daemon.kernel.firewall.held(add_counters)

    def _held(self, _request: Message, reply: Reply) -> None:
        def answered(answer: Message) -> None:
            reply({"held": shown.kernel(held_in(answer)), "firewall_error": answer.get("error", "")})

        self._daemon.kernel.firewall.held(answered)

    def _ban(self, request: Message, reply: Reply) -> None:
        daemon, now = self._daemon, self._daemon.now()
        prefix, seconds = asked.prefix(request), asked.number(request, "seconds", DAY)
        ban = byhand.made(daemon, prefix, asked.scope(request), seconds, asked.text(request, "reason", "by hand"))
        if longer := daemon.ledger.tracker.longer(ban):
            until = format_time(longer.expires)
            raise UsageError(f"{prefix} is banned until {until} already; unban it first to have it shorter")
        daemon.ledger.ban(ban)
        inside = [str(entry.prefix) for entry in daemon.ledger.tracker.allowlist.inside(prefix)]
        stored = daemon.commit(durable=True)
        answer = {**shown.ban(ban, now), "stored": stored, "still_allowed": inside}
        daemon.announce(ban)
        daemon.kernel.apply([ban], [], now, lambda outcome: reply({**answer, **enforced(outcome)}))

    def _unban(self, request: Message, reply: Reply) -> None:
        daemon, now = self._daemon, self._daemon.now()
        prefix = asked.prefix(request)
        lifted = daemon.lift(prefix, asked.by(request), now)
        if not lifted:
            around = [str(ban.prefix) for ban in daemon.ledger.tracker.bans(now) if ban.prefix.covers(prefix)]
            hint = f"; it is inside {', '.join(around)}, which is" if around else ""
            reply({"lifted": [], "note": f"{prefix} is not banned{hint}"})
            return
        stored = daemon.commit(durable=True)
        answer = {"lifted": [shown.ban(ban, now) for ban in lifted], "stored": stored}
        daemon.kernel.apply([], lifted, now, lambda outcome: reply({**answer, **enforced(outcome)}))

    def _flush(self, _request: Message, reply: Reply) -> None:
        daemon, now = self._daemon, self._daemon.now()
        prefixes = {ban.prefix for ban in daemon.ledger.tracker.bans(now)}
        for prefix in prefixes:
            daemon.lift(prefix, "firewall flush", now)
        daemon.commit(durable=True)
        answer = {"lifted": len(prefixes)}
        daemon.kernel.flush(now, lambda outcome: reply({**answer, "firewall_error": outcome.error}))

    def _panic(self, request: Message, reply: Reply) -> None:
        daemon, now = self._daemon, self._daemon.now()
        lifted, problem = daemon.safety.panic.start(asked.by(request), now)
        stored = daemon.commit(durable=True) and not problem
        answer = {"lifted": lifted, "stored": stored, "problem": problem or daemon.ledger.trouble}
        daemon.kernel.flush(now, lambda outcome: reply({**answer, "firewall_error": outcome.error}))

    def _resume(self, request: Message, reply: Reply) -> None:
        self._daemon.safety.panic.resume(asked.by(request), self._daemon.now())
        self._daemon.sharing.protect()  # has listings taken again
        reply({"resumed": True})

    def _confirm(self, request: Message, reply: Reply) -> None:
        daemon = self._daemon
        daemon.safety.trial.confirm(asked.by(request), daemon.now())
        reply({"confirmed": True, "bans": len(daemon.ledger.tracker.bans(daemon.now()))})

    def _explain(self, request: Message, reply: Reply) -> None:
        daemon, now = self._daemon, self._daemon.now()
        prefix = asked.prefix(request)
        tracker = daemon.ledger.tracker
        most = int(max(1, min(asked.number(request, "most", 50), _MOST_SHOWN)))
        network = prefix.widen(32, 64)  # an IPv6 host changes its address at will inside its /64
        allowed = tracker.allowlist.covering(prefix)
        answer: Message = {
            "address": str(prefix),
            "allowed": {"prefix": str(allowed.prefix), "why": allowed.why} if allowed else None,
            "in_force": [shown.ban(ban, now) for ban in tracker.bans(now) if ban.prefix.covers(prefix)],
            "windows": [
                {
                    "policy": policy.name,
                    "hits": len(window),
                    "limit": policy.limit,
                    "within": format_duration(policy.within),
                    "last": format_time(window[-1]),
                }
                for policy, window in tracker.windows(prefix)
                if window[-1] >= now - policy.within
            ],
            "offences": [shown.offence(judgement) for judgement in daemon.ledger.offences_of(network, most)],
            "bans": [
                shown.past(past, now, in_force=tracker.in_force(past.ban))
                for past in daemon.ledger.bans_of(network, most)
            ],
        }

        def add_kernel(held: Message) -> None:
            if held.get("error"):
                reply({**answer, "kernel": None, "kernel_error": held["error"]})
                return
            reply({**answer, "kernel": shown.kernel(held_in(held))})

        daemon.kernel.firewall.holds(prefix, add_kernel)
