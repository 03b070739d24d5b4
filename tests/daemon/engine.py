"""engine - the daemon's own loop, turned by hand in this process, with a real store, log and dry-run actor."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from responder import config as configuration
from responder.daemon.loop import Daemon, Options
from responder.daemon.requests import Requests
from responder.enforce.firewall import held_in
from responder.framing import Message
from responder.values import Ban
from tests.lab.wait import until

SETTINGS = """
state = {state}
control = {control}

[firewall]
backend = {backend}

[[source]]
path = {log}
timezone = "UTC"

[policy.login]
limit = 3
within = "10m"
ban = "1h"
escalate = 2
memory = "7d"
"""


class Clocked(Daemon):
    """A daemon whose clock can be moved on."""

    ahead = 0.0

    def now(self) -> float:
        """Return the wall clock, moved on."""
        return super().now() + self.ahead


class Engine:
    """A daemon in *folder*; `settings` are more lines for its file."""

    def __init__(self, folder: Path, settings: str = "", backend: str = "dry-run") -> None:
        self.folder, self.backend = folder, backend
        self.log, self.state, self.file = folder / "mail.log", folder / "state", folder / "responder.toml"
        self.configure(settings)
        self.daemon: Clocked

    def configure(self, settings: str) -> None:
        """Write the settings file anew."""
        paths = {"state": self.state, "control": self.folder / "control.sock", "log": self.log}
        quoted = {key: json.dumps(str(path)) for key, path in paths.items()}
        self.file.write_text(SETTINGS.format(backend=json.dumps(self.backend), **quoted) + settings)

    @contextmanager
    def running(self, ahead: float = 0.0, trial: float = 0.0, *, dry: bool = False) -> Iterator["Engine"]:
        """Start it, on trial for so many seconds or *dry*, and stop it in the end."""
        Clocked.ahead = ahead
        with closing(Clocked(configuration.load(self.file), Options(dry, trial))) as self.daemon:
            yield self

    def turn(self) -> None:
        """Take one turn of the loop."""
        self.daemon.turn()
        for key, events in self.daemon._selector.select(0.005):
            key.data(events)

    def until(self, so: Callable[[], Any]) -> Any:
        """Turn until *so* is true, and return that."""

        def look() -> Any:
            self.turn()
            return so()

        return until(look, within=30, every=0)

    def settle(self) -> None:
        """Turn until every line is read, everything is stored and the kernel has what it should."""
        self.until(
            lambda: (
                self.daemon.kernel.settled
                and not self.daemon.ledger.owed
                and all(file.behind == 0 for log in self.daemon.logs.each for file in log.files)
            )
        )

    def write(self, address: str, times: int = 1, age: float = 0.0) -> None:
        """Append failed logins of *address*, stamped *age* seconds ago, to the log."""
        stamp = datetime.fromtimestamp(self.clock() - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self.log.open("a") as log:
            log.write(f"{stamp} mx sshd[1]: Failed password for root from {address} port 22 ssh2\n" * times)

    def clock(self) -> float:
        """Return the daemon's time."""
        return Clocked.now(self.daemon) if hasattr(self, "daemon") else datetime.now(UTC).timestamp()

    def bans(self) -> set[str]:
        """Return whom the daemon holds banned."""
        return {str(ban.prefix) for ban in self.banned()}

    def banned(self) -> tuple[Ban, ...]:
        """Return the bans in force."""
        return self.daemon.ledger.tracker.bans(self.clock())

    def ask(self, do: str, **request: Any) -> Message:
        """Ask as over the control socket, and return the answer."""
        answers: list[Message] = []
        Requests(self.daemon).handle({"do": do, **request}, answers.append)
        self.until(lambda: answers)
        return answers[0]

    def held(self) -> set[str]:
        """Return whom the firewall actor stops."""
        answers: list[Message] = []
        self.daemon.kernel.firewall.held(answers.append)
        self.until(lambda: answers)
        return {str(target.prefix) for target in held_in(answers[0])}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what is in the database file, as another program sees it."""
        with closing(sqlite3.connect(self.state / "state.db")) as raw:
            return list(raw.execute(query))

    @contextmanager
    def store_broken(self) -> Iterator[None]:
        """Take away a table that every commit writes last, and give it back."""
        self.execute("ALTER TABLE progress RENAME TO lost")
        yield
        self.execute("ALTER TABLE lost RENAME TO progress")

    def corrupt(self) -> None:
        """Have the file say that its tables begin on pages that it does not have."""
        self.execute(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'bans'",
            "PRAGMA schema_version = 4242",
        )

    def execute(self, *statements: str) -> None:
        """Change the database file behind the daemon's back."""
        with closing(sqlite3.connect(self.state / "state.db", timeout=30)) as raw, raw:
            for statement in statements:
                raw.execute(statement)
