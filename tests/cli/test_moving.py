"""``responder import``: what is there stays, all or nothing is written, and whom it banned is banned here."""

import time
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import Command
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

    said = responder("import", "fail2ban", real.CONFIGURATION, "--all", "--write", folder, "--json")

    assert said.status == 0
    text = settings.read_text()
    assert all(line in text for line in before.splitlines())
    assert tomllib.loads(text)["source"]
    assert (folder / "responder.toml.before").read_text() == before
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
