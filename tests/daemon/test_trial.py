"""A trial in the real kernel: nothing outlasts it, killed or not, unless somebody confirms; panic without a daemon."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.here import daemon_here
from tests.daemon.test_process import SETTINGS, banned, held, write
from tests.enforce.namespace import inside, nft
from tests.lab.daemon import Daemon
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
SEVEN, EIGHT, NINE = "203.0.113.7", "203.0.113.8", "203.0.113.9"


class Trying(Daemon):
    """A daemon that is started on trial."""

    trial = "1h"

    def command(self, *words: str) -> list[str]:
        more = ("--trial", self.trial) if words == ("run",) and self.trial else ()
        return super().command(*words, *more)


@pytest.fixture
def trying(tmp_path: Path) -> Iterator[Trying]:
    (tmp_path / "mail.log").touch()
    here = daemon_here(tmp_path, "")
    with inside():
        one = Trying(here.host, tmp_path, SETTINGS.format(folder=tmp_path))
        try:
            yield one
        finally:
            one.stop()


def timeouts() -> list[int]:
    """Return how long each ban is to last in the kernel, in seconds."""
    found = json.loads(nft("-j", "list", "set", "inet", "responder", "drop_v4_32"))["nftables"]
    return [round(one["elem"]["expires"]) for part in found for one in part.get("set", {}).get("elem", ())]


def test_in_a_trial_nothing_in_the_kernel_outlasts_it_and_afterwards_it_does(trying: Trying) -> None:
    """Neither a ban from before nor one made in it; when it is confirmed the kernel is told of their true ends."""
    trying.trial = ""
    trying.start()
    trying.tell("ban", NINE, "--for", "1d")
    trying.stop()
    trying.trial = "10m"
    trying.start()
    write(trying, SEVEN)
    until(lambda: held() == {SEVEN, NINE})
    assert max(timeouts()) <= 600
    assert "TRIAL: in " in trying.tell("status", check=False)

    assert "confirmed: 2 bans stay" in trying.tell("confirm")

    until(lambda: min(timeouts(), default=0) > 3000)
    assert trying.ask("status")["safety"]["trial"] is None
    assert not (trying.folder / "state" / "trial.json").exists()


def test_who_stops_a_trial_has_not_confirmed_it(trying: Trying) -> None:
    """Everything is undone at once."""
    trying.start()
    trying.tell("ban", SEVEN)

    assert trying.stop() == 1

    assert "responder" not in nft("list", "tables")


def test_a_killed_trial_has_nothing_in_the_kernel_that_outlasts_it_and_the_next_start_lifts_it(trying: Trying) -> None:
    """Nobody had to be there for it."""
    trying.start()
    trying.tell("ban", SEVEN, "--for", "1d")
    assert held() == {SEVEN}
    assert max(timeouts()) <= 3600

    trying.stop(signal.SIGKILL)
    trying.trial = ""
    trying.start()

    assert banned(trying) == set()
    until(lambda: held() == set())
    assert "an earlier trial was not confirmed: 1 bans" in trying.said()


def test_panic_clears_the_kernel_without_a_daemon_and_the_next_one_starts_in_it(trying: Trying) -> None:
    """Until somebody ends it."""
    trying.trial = ""
    trying.start()
    trying.tell("ban", SEVEN)
    trying.stop()

    assert "nobody is banned, and nobody will be" in trying.tell("panic")
    assert "responder" not in nft("list", "tables")
    trying.start()
    assert trying.tell("status", check=False).startswith("PANIC since ")
    assert banned(trying) == held() == set()

    assert "the panic is over" in trying.tell("panic", "--resume")
    trying.tell("ban", EIGHT)
    assert held() == {EIGHT}
    assert "nobody is banned" in trying.tell("panic")
    assert "responder" not in nft("list", "tables")
    trying.stop()
    assert "the panic is over" in trying.tell("panic", "--resume")
    done = subprocess.run(trying.command("panic", "--resume"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "responder: there is no panic to end\n")
