"""``responder import``: what is there stays, all or nothing is written, and whom it banned is banned here."""

import time
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.daemon.here import daemon_here
from tests.lab.daemon import Daemon
from tests.moving import debian as real

pytestmark = pytest.mark.skipif(bool(real.missing()), reason=real.missing())


def test_nothing_is_written_unless_asked(responder: Command, tmp_path: Path) -> None:
    said = responder("import", "fail2ban", real.CONFIGURATION)

    assert said.status == 0
    assert "nothing is written" in said.out
    assert not (tmp_path / "rules.d").exists()


def test_settings_that_are_there_stay_and_get_what_they_lack(responder: Command, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    settings = folder / "responder.toml"
    before = '# mine\n[policy.fail2ban-xinetd-fail]\nlimit = 9  # patient\nwithin = "1h"\nban = "2h"\n'
    settings.write_text(before)
    settings.chmod(0o640)

    said = responder("import", "fail2ban", real.CONFIGURATION, "--all", "--write", folder, "--json")

    assert said.status == 0
    text = settings.read_text()
    assert all(line in text for line in before.splitlines())
    assert tomllib.loads(text)["source"]
    kept = folder / "responder.toml.before"
    assert kept.read_text() == before
    assert [path.stat().st_mode & 0o777 for path in (settings, kept)] == [0o640, 0o640]
    assert (folder / "rules.d" / "fail2ban-xinetd-fail.toml").exists()
    assert {"kind": "human", "where": "policy.fail2ban-xinetd-fail.limit"}.items() <= next(
        one for one in said.json["remarks"] if one["where"].endswith("xinetd-fail.limit")
    ).items()
    again = responder("import", "fail2ban", real.CONFIGURATION, "--all", "--write", folder)
    assert again.status == 0
    assert settings.read_text() == text


def test_all_or_nothing_is_written(responder: Command, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "responder.toml").write_text("nonsense = 1\n")

    said = responder("import", "fail2ban", real.CONFIGURATION, "--all", "--write", folder)

    assert said.status == 64
    assert "nothing was written" in said.err
    assert (folder / "responder.toml").read_text() == "nonsense = 1\n"
    assert list((folder / "rules.d").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(responder: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = responder("import", "fail2ban", real.CONFIGURATION, "--write", tmp_path / "file" / "etc")

    assert said.status == 64
    assert "nothing was written" in said.err


def test_whom_it_banned_is_banned_here_for_as_long(responder: Command, daemon: Daemon, tmp_path: Path) -> None:
    now = int(time.time())
    database = tmp_path / "fail2ban.sqlite3"
    bans = [("sshd", f"198.18.5.{number}", now, 36_000) for number in range(1, 200)]
    real.banned(database, [*bans, ("sshd", "203.0.113.8", now, 36_000), ("sshd", "2001:db8::7", now, -1)])

    said = responder("import", "fail2ban", real.CONFIGURATION, "--database", database, "--bans", "--json")

    assert said.json["banned"]["banned"] == 200
    assert [one["address"] for one in said.json["banned"]["refused"]] == ["203.0.113.8"]
    rows = responder("bans", "--json").json
    assert len(rows) == 200
    assert {row["reason"] for row in rows} == {"fail2ban: sshd"}
    again = responder("import", "fail2ban", real.CONFIGURATION, "--database", database, "--bans", "--json")
    assert again.json["banned"]["banned"] == 0


def test_bans_that_the_kernel_does_not_have_are_told(responder: Command, tmp_path: Path) -> None:
    settings = f'[firewall]\nsocket = "{tmp_path}/nobody.sock"\n[[source]]\npath = "{tmp_path}/mail.log"\n'
    (tmp_path / "mail.log").touch()
    responder.configure(settings)
    database = tmp_path / "fail2ban.sqlite3"
    real.banned(database, [("sshd", "198.18.5.7", int(time.time()), 36_000)])

    with daemon_here(tmp_path, settings):
        said = responder("import", "fail2ban", real.CONFIGURATION, "--database", database, "--bans")

    assert said.status == 64
    assert "the kernel does not know yet" in said.err
