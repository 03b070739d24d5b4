"""Who administers a whole machine over ssh is never banned, as the boxed-in daemon finds out by itself."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.wait import until
from tests.machine.test_mail import LIMIT, attacked_until_dropped, attempt, banned, dropped

pytestmark = [pytest.mark.kernel, pytest.mark.long]

ADMIN = "198.18.66.9"
_OPTIONS = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")


@contextmanager
def logged_in(net: Network, whole: Machine, folder: Path, *, terminal: bool) -> Iterator[None]:
    """Have root logged in from ADMIN."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    keys = whole.file("/root/.ssh/authorized_keys")
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    keys.write_bytes((folder / "key.pub").read_bytes())
    argv = ["ssh", "-F", "none", "-i", str(folder / "key"), "-b", ADMIN, "-tt" if terminal else "-T"]
    argv += [word for option in _OPTIONS for word in ("-o", option)]
    pipe = subprocess.PIPE
    session = net.att.popen([*argv, f"root@{whole.host.ipv4}", "echo here; cat"], stdin=pipe, stdout=pipe)
    assert session.stdin
    assert session.stdout
    with session.stdin, session.stdout:
        assert session.stdout.readline().strip() == b"here"
        yield
    net.att.end(session)


def allowed(whole: Machine) -> dict[str, str]:
    found: dict[str, Any] = json.loads(whole.said("responder", "status", "--json"))
    return {entry["prefix"]: entry["why"] for entry in found["allowlist"]}


@pytest.mark.parametrize("terminal", [True, False], ids=["with-a-terminal", "without"])
def test_who_is_logged_in_over_ssh_is_never_banned(
    net: Network, whole: Machine, tmp_path: Path, *, terminal: bool
) -> None:
    """With a terminal utmp knows him; without one logind alone does, which the daemon asks over D-Bus."""
    net.att.add_addresses(ADMIN)
    with logged_in(net, whole, tmp_path, terminal=terminal):
        assert (ADMIN in whole.said("who")) is terminal
        whole.run("systemctl", "reload", "responder.service")
        until(lambda: allowed(whole).get(ADMIN) == "root is logged in from there", within=60)

        attempt(net, [ADMIN] * (LIMIT + 5))
        attacked_until_dropped(net, whole)

        explained = json.loads(whole.said("responder", "explain", "--json", ADMIN))
        assert explained["allowed"]["why"] == "root is logged in from there"
        assert banned(whole) == {net.att.ipv4}
        assert not dropped(net.att, whole, ADMIN)
