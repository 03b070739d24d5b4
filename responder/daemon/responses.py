"""responses - active responses of OSSEC and Wazuh, carried out.

Requests come over the control socket, or wait in the spool folder where the
daemon was not there.  They are gathered and carried out together, in the order
in which they were made: one commit, one change of the firewall, then the
answers.

    add      an offence against the policy active-response, whose ban is that alert's own
    delete   ends what that alert banned, and nothing that anybody else did

Each has a token, which is stored with what came of it, so none is carried out
twice, however often it is handed in.  An add that was made before a delete of
the same alert but comes after it is out of date.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from responder.control.spool import Spool
from responder.daemon.changes import Changes
from responder.daemon.kernel import Kernel
from responder.daemon.ledger import Ledger
from responder.decide.tracker import Effect
from responder.errors import StoreError, UsageError
from responder.framing import Message
from responder.store.state import Handled, Maker
from responder.times import DAY, format_duration, format_time
from responder.values import Ban, Offence, Outcome, Prefix, parse_address

POLICY = "active-response"
_TOKEN = re.compile(r"(\d{20})-\d{1,10}-[0-9a-f]{8}")
_LONGEST = 256
_MOST_AT_ONCE = 2000
_KEPT = 7 * DAY
_log = logging.getLogger("responder")
Reply = Callable[[Message], None]


class Response(NamedTuple):
    """What somebody's active response asks for."""

    token: str
    action: str
    address: Prefix
    alert: str
    rule: str
    user: str
    location: str
    by: str

    @property
    def maker(self) -> Maker:
        """Return what makes its ban."""
        return Maker(POLICY, f"alert {self.alert or '-'}")

    @property
    def why(self) -> str:
        """Return the reason of its ban."""
        more = [f"user {self.user}"] * bool(self.user) + [f"in {self.location}"] * bool(self.location)
        return ", ".join([f"{self.by} rule {self.rule or '-'}", f"alert {self.alert or '-'}", *more])


class Done(NamedTuple):
    """What came of a response: a word for programs, a sentence for people."""

    did: str
    said: str


class Engine(Protocol):
    """What responses need of the daemon."""

    ledger: Ledger
    kernel: Kernel

    def now(self) -> float:
        """Return the wall clock."""

    def commit(self, *, durable: bool = False) -> bool:
        """Make durable what was judged; tell whether the store has it."""

    def announce(self, ban: Ban) -> None:
        """Say whom we ban, for how long and why."""


class Responses:
    """Carries out what is asked of *daemon* at the socket and in *spool*."""

    def __init__(self, daemon: Engine, spool: Spool) -> None:
        """Read which responses were carried out lately."""
        self._daemon, self._spool = daemon, spool
        self._asked: list[tuple[Response, Reply]] = []
        self._removable: list[str] = []
        self._handled: set[str] = set()
        self._deleted: dict[tuple[Prefix, str], str] = {}
        for one in daemon.ledger.responses(_token_at(daemon.now() - _KEPT), daemon.now()):
            self._remember(one)

    def ask(self, request: Message, reply: Reply) -> None:
        """Have *request* carried out with the next ones; raises UsageError where it makes no sense."""
        self._asked.append((parse(request), reply))

    def work(self, *, look: bool) -> None:
        """Carry out what was asked for; where that is something, or with *look*, what waits in the spool as well."""
        if not self._asked and not look:
            return
        asked, self._asked = self._asked, []
        spooled, names = self._take_spooled()
        if asked or spooled:
            self._carry_out([*asked, *spooled])
        self._removable += names
        if self._removable and self._daemon.commit(durable=True):
            for name in self._removable:
                self._spool.remove(name)
            self._removable = []

    def forget(self, now: float) -> None:
        """Forget what was handled so long ago that it cannot come again."""
        before = _token_at(now - _KEPT)
        self._handled = {token for token in self._handled if token >= before}
        self._deleted = {key: token for key, token in self._deleted.items() if token >= before}
        try:
            self._daemon.ledger.store.forget_responses(before)
        except StoreError as error:
            _log.warning("pruning: %s", error)

    def _take_spooled(self) -> tuple[list[tuple[Response, Reply]], list[str]]:
        found: list[tuple[Response, Reply]] = []
        names = []
        for name, request in self._spool.waiting(_MOST_AT_ONCE):
            if name in self._removable:
                continue
            try:
                found.append((parse(request), _nobody))
                names.append(name)
            except UsageError as error:
                self._spool.refuse(name, str(error))
        return found, names

    def _carry_out(self, wanted: Iterable[tuple[Response, Reply]]) -> None:
        daemon, now = self._daemon, self._daemon.now()
        tracker = daemon.ledger.tracker
        changes = Changes(tracker, now)
        done: list[tuple[Done, Reply]] = []
        made: list[Ban] = []
        for response, reply in sorted(wanted, key=lambda one: one[0].token):
            prefix = self._prefix(response)
            changes.look(prefix)
            bans = self._act(response, prefix, now)
            done.append((bans[0], reply))
            made += bans[1]
        stored = daemon.commit(durable=True)
        for ban in made:
            daemon.announce(ban)
        changed, gone = changes.made()

        def answer(outcome: Outcome) -> None:
            for (did, said), reply in done:
                enforced = {"enforced": not outcome.error, "firewall_error": outcome.error}
                reply({"did": did, "said": said, "stored": stored, **enforced})

        if changed or gone:
            daemon.kernel.apply(changed, gone, now, answer)
        else:
            answer(Outcome(0, daemon.kernel.trouble))

    def _act(self, response: Response, prefix: Prefix, now: float) -> tuple[Done, Sequence[Ban]]:
        """Change what is known as *response* asks; return what came of it and the bans that it made."""
        if response.token in self._handled:
            return Done("done before", f"{response.action} of {response.address} was carried out before"), ()
        made: Sequence[Ban] = ()
        if response.action == "add" and response.token < self._deleted.get((prefix, response.alert), ""):
            done = Done("outdated", f"{response.address}: a later delete of the same alert came first")
        elif response.action == "add":
            done, made = self._add(response, now)
        else:
            done = self._delete(response, prefix, now)
        handled = Handled(response.token, response.action, prefix, response.alert)
        self._daemon.ledger.handled(handled)
        self._remember(handled)
        return done, made

    def _add(self, response: Response, now: float) -> tuple[Done, tuple[Ban, ...]]:
        line = f"active response: add, {response.why}"
        offence = Offence(response.address, response.maker.rule, POLICY, 1, now, line)
        effect, ban = self._daemon.ledger.respond(offence, now, response.why)[1:]
        address = response.address
        if ban:
            lasting = format_duration(ban.expires - ban.start)
            return Done("banned", f"{ban.prefix} is banned for {lasting}, until {format_time(ban.expires)}"), (ban,)
        match effect:
            case Effect.ALLOWED:
                return Done("refused", f"{address} is on the allowlist and is never banned"), ()
            case Effect.ALREADY_BANNED:
                return Done("already banned", f"{address} is banned by the same alert already"), ()
            case Effect.KEPT_BACK:
                return Done("counted", f"{address} was counted; nobody is banned just now, see `responder status`"), ()
            case Effect.COUNTED:
                return Done("counted", f"{address} was counted; policy {POLICY} bans at more"), ()
        return Done("refused", f"there is no policy {POLICY}"), ()

    def _delete(self, response: Response, prefix: Prefix, now: float) -> Done:
        by = f"{response.by}, alert {response.alert or '-'}"
        gone = self._daemon.ledger.withdraw(prefix, response.maker, by, now)
        for ban in gone:
            _log.info("unban %s (%s) by %s", ban.prefix, ban.policy, by)
        if not gone:
            return Done("nothing to lift", f"{prefix} is not banned by that alert")
        others = self._daemon.ledger.tracker.bans_of(prefix, now)
        still = f", and stays banned by {', '.join(ban.policy for ban in others)}" if others else ""
        return Done("lifted", f"the ban of {prefix} by that alert is lifted{still}")

    def _prefix(self, response: Response) -> Prefix:
        policy = self._daemon.ledger.tracker.policies.get(POLICY)
        return policy.key(response.address) if policy else response.address

    def _remember(self, one: Handled) -> None:
        self._handled.add(one.token)
        if one.action == "delete":
            self._deleted[one.prefix, one.alert] = max(one.token, self._deleted.get((one.prefix, one.alert), ""))


def parse(request: Message) -> Response:
    """Return the response that *request* asks for; raises UsageError where it makes no sense."""
    texts: dict[str, Any] = {key: request.get(key, "") for key in Response._fields}
    for key, text in texts.items():
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise UsageError(f"{key} is {text!r:.100}; it is a text of at most {_LONGEST} characters")
    if not _TOKEN.fullmatch(texts["token"]):
        raise UsageError(f"token is {texts['token']!r}; it is TIME-PROCESS-RANDOM")
    if texts["action"] not in ("add", "delete"):
        raise UsageError(f"action is {texts['action']!r}; it is add or delete")
    if texts["by"] not in ("ossec", "wazuh"):
        raise UsageError(f"by is {texts['by']!r}; it is ossec or wazuh")
    if not texts["alert"].isprintable():
        raise UsageError(f"alert is {texts['alert']!r}; it is printable")
    address = parse_address(texts["address"])
    if address is None:
        raise UsageError(f"address is {texts['address']!r}; it is an IPv4 or IPv6 address")
    storable = {key: text.encode(errors="replace").decode() for key, text in texts.items()}
    return Response(**{**storable, "address": address})


def _token_at(moment: float) -> str:
    """Return what all tokens from *moment* on are not less than."""
    return f"{max(0, int(moment * 1e9)):020d}"


def _nobody(_answer: Message) -> None:
    """Take an answer that nobody waits for."""
