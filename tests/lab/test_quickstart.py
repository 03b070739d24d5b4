"""contrib/quickstart keeps its promises: the demonstration, and --live on a host of the lab."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import mailwords, postfix
from tests.lab.network import Network
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
RESPONDER = (sys.executable, "-m", "responder")
LIVE = (sys.executable, "-m", "contrib.live", "--live")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "SSH_CONNECTION"} | {
    "PYTHONPATH": str(ROOT)
}


def stamped(message: str) -> str:
    return subprocess.run(["date", "+%b %e %H:%M:%S mx "], capture_output=True, text=True, check=True).stdout.rstrip(
        "\n"
    ) + (message + "\n")


def test_the_demonstration_comes_out_as_promised_and_leaves_nothing(net: Network) -> None:
    if problem := postfix.missing():
        pytest.skip(problem)

    told = subprocess.run(
        [sys.executable, "-m", "contrib.demo"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    assert "NOT AS PROMISED" not in told.stdout
    assert told.stdout.count("\n          BAN ") == 4


def test_live_protects_this_host_and_says_how_to_undo_it(net: Network, tmp_path: Path) -> None:
    log, state = tmp_path / "mail.log", tmp_path / "state"
    log.touch()
    config = ("--config", str(state / "responder.toml"))
    with (tmp_path / "said").open("wb") as said:
        live = net.srv.popen(
            [*LIVE, "--yes", "--state", state, log],
            stdout=said,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT | {"SSH_CONNECTION": f"{net.office.ipv4} 50022 {net.srv.ipv4} 22"},
        )
    ready = (*RESPONDER, *config, "status")
    until(lambda: net.srv.run(ready).returncode == 0 or live.poll() is not None, within=20, what="a daemon")
    assert live.poll() is None, (tmp_path / "said").read_text()
    with log.open("a") as lines:
        lines.writelines(
            stamped(mailwords.unknown_recipient(host.ipv4, number))
            for host in (net.att, net.office)
            for number in range(20)
        )
    until(lambda: net.att.connect(net.srv.ipv4, 25, timeout=0.2).reached == "timeout", what="a ban")

    assert net.office.connect(net.srv.ipv4, 25).reached == "refused"
    live.send_signal(signal.SIGINT)
    assert live.wait(10) == 0
    explained = (tmp_path / "said").read_text()
    for promised in (f"responder will watch {log}", net.office.ipv4, net.srv.ipv4, "firewall flush", f"rm -r {state}"):
        assert promised in explained
    assert net.att.connect(net.srv.ipv4, 25, timeout=0.2).reached == "timeout"
    net.srv.run([*RESPONDER, *config, "firewall", "flush"], check=True)
    assert net.att.connect(net.srv.ipv4, 25).reached == "refused"


@pytest.mark.parametrize(
    ("words", "why"),
    [(("/nowhere/mail.log",), "no such file: /nowhere/mail.log"), ((__file__,), "no terminal to ask on")],
)
def test_live_refuses_with_a_reason(net: Network, tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    done = net.srv.run([*LIVE, "--state", tmp_path / "state", *words], env=ENVIRONMENT)

    assert done.returncode == 1
    assert why in done.stderr
