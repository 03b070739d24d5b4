"""What needs no daemon: scan, rules, check."""

import bz2
import gzip
import json
import lzma
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.lab import maillog
from tests.lab.maillog import Mix

FRAMED = b"Jul 17 03:12:45 mx sshd[1]: Failed password for invalid user \x1b[2J\x07 from 203.0.113.7 port 22 ssh2\n"
ATTACK = b"Jul 17 03:12:45 mx sshd[1]: Failed password for root from 203.0.113.7 port 22 ssh2\n"
INNOCENT = b"Jul 17 03:12:45 mx sshd[1]: Accepted publickey for root from 203.0.113.7 port 22 ssh2\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    maillog.write(path, 20_000, Mix(offences=0.2, attackers=100, span=1200))
    return path


def test_a_scan_counts_lines_offences_and_bans(responder: Command, log: Path) -> None:
    """For a program: everything with its keys; nothing is written anywhere."""
    found = responder("scan", log, "--timezone", "UTC", "--json").json

    assert found["files"] == [str(log)]
    assert found["lines"] == 20_000
    assert found["offences"] == sum(found["by_rule"].values()) == sum(found["by_effect"].values())
    assert 3_000 < found["offences"] < 5_000
    for key in ("by_policy", "by_network", "by_hour"):
        assert sum(found[key].values()) == found["offences"]
    assert all(network.endswith(("/24", "/48")) for network in found["by_network"])
    assert all(hour.startswith("2026-03-01T00:00:00") for hour in found["by_hour"])
    assert found["addresses_banned"] == len({ban["prefix"] for ban in found["bans"]})
    assert found["by_effect"]["ban"] == len(found["bans"]) > 50
    for ban in found["bans"]:
        assert set(ban) == {"prefix", "start", "expires", "seconds", "policy", "rule", "nth", "reason"}
        assert ban["start"].startswith("2026-03-01T00:")
    assert not (responder.folder / "state").exists()


def test_a_scan_reads_packed_files_and_standard_input_alike(responder: Command, log: Path) -> None:
    """gzip, bzip2, xz and a pipe, packed or not, come to the same."""
    plain = responder("scan", log, "--timezone", "UTC", "--json").json
    for pack, suffix in ((gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")):
        packed = log.with_name(f"{log.name}.{suffix}")
        packed.write_bytes(pack(log.read_bytes()))
        found = responder("scan", packed, "--timezone", "UTC", "--json").json
        assert (found["lines"], found["bans"]) == (plain["lines"], plain["bans"])

    command = [
        sys.executable,
        "-m",
        "responder",
        "--config",
        str(responder.config),
        "scan",
        "-",
        "--timezone",
        "UTC",
        "--json",
    ]
    for data in (log.read_bytes(), gzip.compress(log.read_bytes())):
        piped = json.loads(subprocess.run(command, input=data, capture_output=True, check=True).stdout)
        assert (piped["lines"], piped["bans"]) == (plain["lines"], plain["bans"])


def test_a_scan_for_a_person_shows_bans_rules_and_a_sum(responder: Command, log: Path) -> None:
    """The first forty bans, or all; the rest is counted."""
    said = responder("scan", log, "--timezone", "UTC")
    bans = responder("scan", log, "--timezone", "UTC", "--json").json["bans"]

    assert f"... and {len(bans) - 40} more (--all lists them)" in said.out
    assert "20000 lines, " in said.out
    assert f"{len(bans)} bans of " in said.out
    everything = responder("scan", log, "--timezone", "UTC", "--all").out
    assert "more (--all" not in everything
    shown = Counter(word for line in everything.splitlines() for word in line.split()[1:2])
    assert all(shown[ban["prefix"]] for ban in bans)


def test_a_scan_says_whom_the_allowlist_saved(responder: Command, tmp_path: Path) -> None:
    """He is counted, and not banned."""
    responder.configure('[allow]\nnetworks = ["203.0.113.0/24"]\n')
    (tmp_path / "log").write_bytes(ATTACK * 30)

    said = responder("scan", tmp_path / "log")

    assert "0 bans of 0 addresses" in said.out
    assert "the allowlist stood before 203.0.113.7 (30)" in said.out
    assert responder("scan", tmp_path / "log", "--json").json["allowed"] == {"203.0.113.7": 30}


@pytest.mark.parametrize("name", ["missing", "folder", "broken.gz"])
def test_a_log_that_cannot_be_read_is_status_64(responder: Command, tmp_path: Path, name: str) -> None:
    """A sentence with its name, whatever is wrong with it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.gz").write_bytes(gzip.compress(ATTACK * 1000)[:-20])

    said = responder("scan", tmp_path / name)

    assert said.status == 64
    assert said.err.startswith(f"responder: {tmp_path / name} cannot be read to its end: ")
    assert said.err.count("\n") == 1


def test_rules_are_listed_shown_and_tested(responder: Command) -> None:
    """Each rule with its policy, pattern, file and examples, for a person and for a program."""
    found = responder("rules", "list", "--json").json
    assert len(found) > 20
    keys = {"id", "title", "service", "policy", "weight", "in_force", "off", "file", "examples"}
    kinds = {frozenset(set(rule) - keys - {"ignore", "until"}) for rule in found}
    assert kinds == {
        frozenset({"program", "pattern"}),
        frozenset({"program", "any_of"}),
        frozenset({"program", "key", "from", "pattern"}),
        frozenset({"program", "address", "when", "unless"}),
    }
    listed = responder("rules", "list").out
    assert f"{sum(rule['in_force'] for rule in found)} rules" in listed
    for rule in found[:3]:
        assert rule["id"] in listed
        assert responder("rules", "show", rule["id"], "--json").json == rule
        pattern = rule.get("pattern") or rule["any_of"][0]
        shown = responder("rules", "show", rule["id"]).out
        for part in (rule["title"], rule["policy"], rule["file"], pattern, rule["examples"][0]["line"]):
            assert part in shown
    tested = responder("rules", "test")
    examples = sum(len(rule["examples"]) for rule in found)
    assert tested == (0, f"{len(found)} rules and {examples} examples: all pass\n", "")
    assert responder("rules", "lint") == (0, f"{len(found)} rules are sound\n", "")


def test_a_rule_that_is_off_says_why_and_how_to_enable_it(responder: Command) -> None:
    """In the list, by itself, and in what ``check`` says once it is enabled."""
    off = next(rule for rule in responder("rules", "list", "--json").json if not rule["in_force"])
    for words in (("rules", "list"), ("rules", "show", off["id"])):
        said = responder(*words).out
        assert off["id"] in said
        assert off["off"] in said

    responder.configure(f'enable = ["{off["id"]}"]\n')

    assert f"{off['id']} is enabled, though it is off by default: {off['off']}" in responder("check").out
    assert responder("rules", "show", off["id"], "--json").json["in_force"] is True


def test_a_rule_that_is_not_there_is_status_64(responder: Command) -> None:
    """And what shows those that are."""
    assert responder("rules", "show", "nonsense") == (
        64,
        "",
        "responder: there is no rule 'nonsense'; `responder rules list` shows them all\n",
    )


def test_each_line_of_a_log_is_judged_in_order(responder: Command, tmp_path: Path) -> None:
    """One object a line with exactly the promised keys, for lines of every kind, the last without its end too."""
    lines = [
        ATTACK,
        b"\n",
        INNOCENT,
        b"\xff\xfe\0\n",
        FRAMED,
        b"no syslog\n",
        ATTACK.replace(b"\n", b"\r\n"),
        ATTACK[:-1],
    ]
    (tmp_path / "log").write_bytes(b"".join(lines))

    said = responder("rules", "test", "--json", tmp_path / "log")

    judged = [json.loads(line) for line in said.out.splitlines()]
    assert [one["line"] for one in judged] == list(range(1, 9))
    assert [one["matched"] for one in judged] == [True, False, False, False, True, False, True, True]
    for one in judged:
        assert set(one) == {"line", "matched", "rule", "ip"}
        assert (one["ip"], bool(one["rule"])) == (("203.0.113.7", True) if one["matched"] else (None, False))
    command = [sys.executable, "-m", "responder", "--config", str(responder.config), "rules", "test", "--json", "-"]
    piped = subprocess.run(command, input=b"".join(lines), capture_output=True, check=True).stdout
    assert piped.decode() == said.out


def test_a_bad_rule_of_ones_own_is_status_78(responder: Command, tmp_path: Path) -> None:
    """With file, rule, problem and remedy."""
    folder = tmp_path / "rules.d"
    folder.mkdir()
    (folder / "own.toml").write_text(
        'service = "x"\nprogram = ["x"]\n[[rule]]\nid = "own"\ntitle = "t"\npolicy = "nowhere"\npattern = "nobody"\n'
    )
    responder.configure(f'rules = ["{folder}"]\n')

    for words in (("check",), ("rules", "test"), ("rules", "lint")):
        said = responder(*words)
        assert said.status == 78
        assert f"{folder}/own.toml: own: " in said.err
    told = responder("check", "--json")
    assert told.status == 78
    assert told.json["sound"] is False
    assert all("; " in problem for problem in told.json["problems"])


def test_a_check_tells_what_will_be_watched_and_whom_nothing_bans(responder: Command, tmp_path: Path) -> None:
    """Logs there and not there yet, the allowlist with its reasons, names that do not resolve, the policies."""
    (tmp_path / "a.log").touch()
    sources = [tmp_path / "a.log", tmp_path / "*.log", tmp_path / "none.log", tmp_path / "**.txt"]
    responder.configure(
        '[allow]\nnetworks = ["198.51.100.0/24"]\nhosts = ["localhost", "office..example.org"]\n'
        + "".join(f'[[source]]\npath = "{path}"\n' for path in sources)
    )

    said = responder("check")

    assert said.status == 0
    assert f"{responder.config}: sound; " in said.out
    assert f"  {tmp_path}/none.log  (not there yet; followed when it appears)" in said.out
    assert f"  {tmp_path}/a.log\n" in said.out
    for part in ("198.51.100.0/24", "allow.networks in the settings", "loopback", "office..example.org: ", "login"):
        assert part in said.out
    answer = responder("check", "--json").json
    assert answer["sound"] is True
    assert [source["exists"] for source in answer["sources"]] == [True, True, False, False]
    assert set(answer) == {
        "sound", "problems", "config", "rules", "enabled", "state", "backend", "sources", "allowlist", "unresolved",
        "policies", "quotas",
    }  # fmt: skip
    assert list(answer["unresolved"]) == ["office..example.org"]
