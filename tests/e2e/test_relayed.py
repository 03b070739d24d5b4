"""A host that hears of attacks only from the syslog of another drops who attacked that one."""

from itertools import product
from pathlib import Path

import pytest

from tests.lab import relay
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.relay import Form, Program, Relay
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
SETTINGS = """
[[source]]
listen = "{form.kind}:{host}:5514"
peers  = ["{peer}"]

[policy.login]
limit  = 3
within = "10m"
ban    = "1h"
"""
FAILED = "Failed password for root from {} port 22 ssh2"
FORMS = [Form("udp"), Form("tcp", modern=True)]


@pytest.mark.parametrize(("program", "form"), [*product(["rsyslogd", "syslog-ng"], FORMS)])
def test_what_the_syslog_of_another_host_tells_is_acted_on(
    net: Network, tmp_path: Path, program: Program, form: Form
) -> None:
    """Nobody else is heard: what a stranger sends bans nobody."""
    if problem := relay.missing(program):
        pytest.skip(problem)
    for name in ("one", "other", "daemon"):
        (tmp_path / name).mkdir()
    settings = SETTINGS.format(form=form, host=net.srv.ipv4, peer=net.good.ipv4)
    there = (form, (net.srv.ipv4, 5514))
    with (
        Daemon(net.srv, tmp_path / "daemon", settings) as daemon,
        Relay(program, tmp_path / "one", *there, net.good.popen) as known,
        Relay(program, tmp_path / "other", *there, net.att.popen) as stranger,
    ):
        stranger.log("sshd[1]", *[FAILED.format(net.office.ipv4)] * 9)
        until(lambda: daemon.ask("status")["sources"][0]["received"]["refused"], within=30)
        assert net.att.connect(net.srv.ipv4, 22).reached == "refused"

        known.log("sshd[1]", *[FAILED.format(net.att.ipv4)] * 3)
        until(lambda: net.att.connect(net.srv.ipv4, 22, timeout=0.5).reached == "timeout", within=30)

        assert {ban["prefix"] for ban in daemon.ask("bans")} == {net.att.ipv4}
        (offence, *_) = daemon.ask("explain", net.att.ipv4)["offences"]
        assert f"@{net.good.ipv4} sshd[1]: Failed password" in offence["line"]
