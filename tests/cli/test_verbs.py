"""What the daemon is asked, as people and programs ask it."""

import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.enforce.users import NOBODY, as_user, common_folder
from tests.lab.daemon import Daemon
from tests.lab.wait import until

SEVEN = "203.0.113.7"


def attack(folder: Path, user: str = "root", times: int = 3, address: str = SEVEN) -> None:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = f"{stamp} mx sshd[1]: Failed password for invalid user {user} from {address} port 22 ssh2\n"
    with (folder / "mail.log").open("a") as log:
        log.write(line * times)


def bans(responder: Command) -> list[str]:
    return [ban["prefix"] for ban in responder("bans", "--json").json]


def test_a_ban_by_hand_and_its_end(responder: Command, daemon: Daemon) -> None:
    """Each command tells a person what it did, and the next one shows it."""
    said = responder("ban", "203.0.113.9/24", "--for", "90m", "--reason", "abuse report")
    assert said.status == 0
    assert said.out.startswith("203.0.113.0/24 is banned until 20")
    assert "  but 203.0.113.8 inside it is on the allowlist and stays allowed" in said.out

    listed = responder("bans").out
    assert "203.0.113.0/24" in listed
    assert "abuse report" in listed
    assert "1 banned" in listed
    explained = responder("explain", SEVEN).out
    assert explained.startswith(f"{SEVEN} is banned: 203.0.113.0/24 until 20")
    assert "The firewall stops 203.0.113.0/24 from everything until 20" in explained

    assert responder("unban", SEVEN) == (1, f"{SEVEN} is not banned; it is inside 203.0.113.0/24, which is\n", "")
    assert responder("unban", "203.0.113.0/24") == (0, "203.0.113.0/24 is free\n", "")
    assert "0 banned" in responder("bans").out
    explained = responder("explain", SEVEN).out
    assert explained.startswith(f"{SEVEN} is not banned\nThe firewall does not stop it\n")
    assert "lifted by " in explained


def test_a_ban_from_some_ports_and_a_shorter_one(responder: Command, daemon: Daemon) -> None:
    """A ban has the ports and the verdict that were asked for; a longer one is not cut short by mistake."""
    assert responder("ban", SEVEN, "--for", "2h", "--ports", "smtp, 587,domain/udp", "--verdict", "reject").status == 0
    assert "25,587,53/udp (reject)" in responder("bans").out

    assert responder("ban", SEVEN, "--for", "1h").status == 0, "from everything, which is another matter"
    shorter = responder("ban", SEVEN, "--for", "1m")
    assert shorter.status != 0
    assert "is banned until 20" in shorter.err
    assert "unban it first" in shorter.err
    assert "2 in the kernel" in responder("firewall", "show").out
    assert len(responder("firewall", "show", "--json").json) == 2
    assert "no port" in responder("ban", SEVEN, "--ports", "smpt").err
    assert responder("unban", SEVEN).status == 0
    assert "0 in the kernel" in responder("firewall", "show").out


def test_every_answer_is_json_with_its_keys(responder: Command, daemon: Daemon) -> None:
    """Programs can rely on them."""
    ban_keys = {"prefix", "scope", "policy", "rule", "start", "expires", "seconds_left", "nth", "reason"}
    done = {"stored", "enforced", "firewall_error"}

    banned = responder("ban", SEVEN, "--json").json
    assert set(banned) == ban_keys | done | {"still_allowed"}
    assert banned["seconds_left"] == 86400
    (listed,) = responder("bans", "--json").json
    assert set(listed) == ban_keys | {"packets", "bytes", "last"}
    explained = responder("explain", SEVEN, "--json").json
    keys = {"address", "allowed", "in_force", "windows", "offences", "bans", "kernel", "blacklist", "quota"}
    assert set(explained) == keys
    assert set(explained["kernel"][0]) == {"prefix", "scope", "expires", "packets", "bytes", "last"}
    lifted = responder("unban", SEVEN, "--json").json
    assert set(lifted) == {"lifted"} | done
    assert responder("unban", SEVEN, "--json").json == {"lifted": [], "note": f"{SEVEN} is not banned"}
    assert responder("firewall", "flush", "--json").json == {"lifted": 0, "firewall_error": ""}
    status = responder("status", "--json").json
    assert set(status) == {
        "version", "pid", "since", "config", "rules", "firewall", "store", "lines", "offences", "bans", "tracked",
        "tracked_dropped", "allowlist", "unresolved", "silent", "sources", "troubles", "blacklist", "safety",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ban", "somewhere"), "'somewhere' is no IPv4 or IPv6 address or network"),
        (("ban", "203.0.113.8"), "203.0.113.8 is on the allowlist (203.0.113.8: allow.networks in the settings)"),
        (("ban", SEVEN, "--for", "3651d"), "a ban lasts from 1s to 3650d"),
        (("explain", "fe80::1%eth0"), "'fe80::1%eth0' has a zone id"),
        (("unban", "300.1.2.3"), "'300.1.2.3' is no IPv4 or IPv6 address or network"),
    ],
)
def test_what_the_daemon_refuses_is_status_64(
    responder: Command, daemon: Daemon, words: tuple[str, ...], said: str
) -> None:
    """In its own words, without a traceback."""
    found = responder(*words)

    assert found.status == 64
    assert found.out == ""
    assert found.err.startswith(f"responder: {said}")
    assert found.err.count("\n") == 1


def test_status_tells_a_person_how_things_are(responder: Command, daemon: Daemon, tmp_path: Path) -> None:
    """Status 0 while all is well, 1 with a line for everything that needs a look."""
    attack(tmp_path)
    until(lambda: bans(responder) == [SEVEN])
    until(lambda: "dry-run: the kernel has everything" in responder("status").out)
    assert responder("status").status == 0
    said = responder("status").out
    for part in ("1 in force", "3 read, 3 offences", f"{tmp_path}/mail.log"):
        assert part in said

    with (tmp_path / "mail.log").open("a") as log:
        log.write("2020-01-01T00:00:00Z mx sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2\n")
    until(lambda: responder("status").status == 1)

    assert f"! {tmp_path}/mail.log: 1 new offences bore old stamps" in responder("status").out
    (tmp_path / "mail.log").unlink()
    until(lambda: f"! {tmp_path}/mail.log: absent" in responder("status").out)
    assert len(responder("status", "--json").json["troubles"]) == 2


def test_a_line_that_an_attacker_wrote_cannot_act_on_the_terminal(
    responder: Command, daemon: Daemon, tmp_path: Path
) -> None:
    """Control characters are shown, not obeyed: escape sequences, bells, a second line, text turned around."""
    attack(tmp_path, user="\x1b[2J\x1b]0;owned\x07\u202eevil\x85\x9b31m")
    until(lambda: bans(responder) == [SEVEN])

    said = responder("explain", SEVEN)

    assert all(char.isprintable() or char == "\n" for char in said.out)
    assert r"\x1b[2J\x1b]0;owned\x07\u202eevil\x85" in said.out
    line = responder("explain", SEVEN, "--json").json["offences"][0]["line"]
    assert "\x1b[2J" in line
    for verb in ("bans", "status"):
        assert all(char.isprintable() or char == "\n" for char in responder(verb).out)


def test_explain_shows_evidence_counts_and_protection(responder: Command, daemon: Daemon, tmp_path: Path) -> None:
    """How close an address is, and which entry protects one."""
    attack(tmp_path, times=2)
    until(lambda: "Counted now:\n  login: 2 of 3 within 10m" in responder("explain", SEVEN).out)
    assert responder("explain", "203.0.113.8").out.startswith(
        "203.0.113.8 is never banned: 203.0.113.8 is allowed (allow.networks in the settings)\n"
    )
    attack(tmp_path, times=1)
    until(lambda: bans(responder) == [SEVEN])

    said = responder("explain", SEVEN).out

    assert "Offences (3, oldest first):" in said
    assert said.count("Failed password for invalid user root") == 3
    assert "in force" in said
    assert len(responder("explain", SEVEN, "--most", "1", "--json").json["offences"]) == 1


def test_a_dry_run_stops_nobody_and_uses_a_database_of_its_own(responder: Command, tmp_path: Path) -> None:
    """Told to stop, it ends with status 0."""
    (tmp_path / "mail.log").touch()
    responder.configure(f'[[source]]\npath = "{tmp_path}/mail.log"\ntimezone = "UTC"\n[policy.login]\nlimit = 3\n')
    command = [sys.executable, "-m", "responder", "--config", str(responder.config), "run", "--dry-run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            until(lambda: responder("status").status in (0, 1), within=30)
            attack(tmp_path)
            until(lambda: bans(responder) == [SEVEN])
            until(lambda: responder("status", "--json").json["firewall"]["backend"] == "dry-run")
        finally:
            running.terminate()
        assert running.stderr
        said = running.stderr.read()

    assert running.returncode == 0
    assert "a dry run" in said
    assert f"ban {SEVEN} for 1h, no. 1" in said
    assert {path.name for path in (tmp_path / "state").glob("*.db")} == {"dry-run.db"}


@pytest.mark.kernel
def test_a_user_who_may_not_is_told_so_in_a_sentence() -> None:
    """No state folder, no way to the daemon's socket: statuses 74 and 69, and no traceback."""
    with common_folder() as folder, socket.socket(socket.AF_UNIX) as listener:
        config, control = folder / "responder.toml", folder / "control.sock"
        listener.bind(str(control))
        control.chmod(0o600)
        config.write_text(f'state = "{folder}/state"\ncontrol = "{control}"\n[[source]]\npath = "/nowhere.log"\n')
        config.chmod(0o644)
        command = [sys.executable, "-m", "responder", "--config", str(config)]

        for verb, status, words in (
            ("run", 74, f"{folder}/state: the state folder cannot be made: Permission denied"),
            ("status", 69, f"{control}: you may not speak to the daemon; become root or its user"),
        ):
            done = subprocess.run(as_user(NOBODY, [*command, verb]), capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (status, f"responder: {words}\n")


def test_a_mistake_in_the_settings_does_not_keep_anybody_from_unbanning(responder: Command, daemon: Daemon) -> None:
    """Commands to a running daemon need no more of the file than where it listens."""
    assert responder("ban", "192.0.2.7").status == 0
    responder.config.write_text(responder.config.read_text() + "\nnonsense = true\n[policy.other]\nlimit = 0\n")

    assert responder("check").status == 78
    assert responder("unban", "192.0.2.7").status == 0
    assert responder("bans", "--json").json == []


def test_a_settings_file_that_is_no_toml_is_named_with_a_way_round_it(responder: Command, daemon: Daemon) -> None:
    """Who cannot be understood is told what to do."""
    responder.config.write_text("control = ")

    said = responder("bans")

    assert said.status == 78
    assert "--config /dev/null" in said.err
