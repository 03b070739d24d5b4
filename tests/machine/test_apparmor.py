"""The AppArmor profiles allow all that the three programs do with files on a whole machine."""

from pathlib import Path

import pytest

from tests.lab.machine import Machine
from tests.lab.network import Network
from tests.lab.profile import Deed, Profile, done_in, watch
from tests.lab.wait import until
from tests.machine.test_logins import ADMIN, allowed, logged_in
from tests.machine.test_mail import JOURNAL, attacked_until_dropped
from tests.machine.test_service import ACTOR, DAEMON, POLICYD, QUOTA, drop_in
from tests.test_apparmor import PROFILES, parsed

pytestmark = [pytest.mark.kernel, pytest.mark.long]

_BEGINNING = Deed("/usr/bin/responder", "x")
_TRACED = """
ExecStart=
ExecStart={command}
SystemCallFilter=
WatchdogSec=0
TimeoutStartSec=10min
ReadWritePaths={folder}
"""
_SETTINGS = """
[[source]]
path = "/var/log/*.log"
[metrics]
listen = "127.0.0.1:9786"
[blacklist]
url = "sqlite:////var/lib/responder/blacklist.db"
[[export]]
format = "plain"
output = "/var/lib/responder/list"
[[notify]]
name = "admin"
kind = "mail"
sender = "responder@example.org"
to = ["ok@example.org"]
on = ["ban"]
"""


def traced(whole: Machine, unit: str, words: str) -> Path:
    """Have what *unit* does with files written down, and return where."""
    folder = f"/trace-{unit}"
    whole.run("install", "-d", "-m", "1777", folder)
    drop_in(whole, unit, _TRACED.format(command=watch(f"/usr/bin/responder {words}", folder), folder=folder))
    return whole.file(folder)


def forbidden(whole: Machine, unit: str, folder: Path) -> set[Deed]:
    """Return what *unit* did that its profile does not allow; who begins it has another."""
    deeds = {Deed(path, letter) for path, letter in done_in(folder) if not path.startswith(f"/trace-{unit}")}
    real = {path: whole.said("realpath", "--canonicalize-missing", path) for path, letter in deeds if letter == "x"}
    real |= {path: f"{path.rstrip('/')}/" for path, _ in deeds if whole.file(path).is_dir()}
    profile = Profile(parsed(PROFILES, "--preprocess").stdout, unit.removesuffix(".service"))
    return profile.forbids(deed._replace(path=real.get(deed.path, deed.path)) for deed in deeds - {_BEGINNING})


def test_the_programs_do_nothing_that_their_profiles_forbid(net: Network, whole: Machine, tmp_path: Path) -> None:
    """Files and journal, an attack, somebody logged in, a blacklist and its export, notices, quotas, a reload."""
    folders = {
        ACTOR: traced(whole, ACTOR, "firewall --user responder"),
        DAEMON: traced(whole, DAEMON, "run"),
        POLICYD: traced(whole, POLICYD, "policyd"),
    }
    settings = whole.file("/etc/responder/responder.toml")
    settings.write_text(settings.read_text() + JOURNAL + _SETTINGS + QUOTA.replace("2 m", "9000 m"))
    whole.run("postconf", "-e", "smtpd_client_restrictions=check_policy_service inet:127.0.0.1:10040")
    whole.run("postfix", "reload")
    net.att.add_addresses(ADMIN, "198.18.66.7")
    whole.run("systemctl", "restart", ACTOR, DAEMON, POLICYD, timeout=120)
    with logged_in(net, whole, tmp_path, terminal=False):
        whole.run("systemctl", "reload", DAEMON)
        until(lambda: ADMIN in allowed(whole), within=120)
        attacked_until_dropped(net, whole)
        until(whole.file("/var/lib/responder/list").exists, within=120)
        whole.run("logrotate", "--force", "/etc/logrotate.d/rsyslog")
        attacked_until_dropped(net, whole, "198.18.66.7")
    whole.run("systemctl", "stop", DAEMON, ACTOR, POLICYD, timeout=120)

    done = {unit: done_in(folder) for unit, folder in folders.items()}
    assert Deed("/var/lib/responder/state.db", "w") in done[DAEMON]
    assert {deed.path for deed in done[DAEMON] if deed.letter == "x"} >= {"/usr/bin/journalctl", "/usr/bin/loginctl"}
    for unit, folder in folders.items():
        assert sorted(forbidden(whole, unit, folder)) == [], unit
