"""What SSHGuard is set up to do becomes settings of ours, and whom it bans for ever is known."""

import shlex
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import config
from responder.config import Config
from responder.errors import UsageError
from responder.moving import sshguard
from responder.moving.plan import OldBan, Plan, settings_text
from responder.moving.remark import Kind
from responder.times import DAY, MINUTE
from responder.values import Prefix

DEBIAN = """\
#### REQUIRED CONFIGURATION ####
# Full path to backend executable (required, no default)
BACKEND="/usr/libexec/sshguard/sshg-fw-nft-sets"
LOGREADER="LANG=C journalctl -afb -p info -n1 -t sshd -o cat"

#### OPTIONS ####
THRESHOLD=30
BLOCK_TIME=120
DETECTION_TIME=1800
WHITELIST_FILE={friends}
"""
FRIENDS = """\
# comment line (a '#' as very first character)
127.0.0.0/8
::1/128
198.51.100.4
2001:0db8:85a3:08d3:1319:8a2e:0370:7344
192.0.2.128/25   # an office

\toffice.example.org
mx.example.org# without a blank
"""


def plan(folder: Path, text: str) -> Plan:
    path = folder / "sshguard.conf"
    path.write_text(text, "utf-8")
    return sshguard.read(path)


def told(made: Plan, line: int, kind: Kind | None = None, name: str = "sshguard.conf") -> list[str]:
    """Return what is said of *line*, and is of *kind*."""
    return [one.text for one in made.remarks if one.where.endswith(f"{name}:{line}") and kind in (None, one.kind)]


def loaded(made: Plan, folder: Path) -> Config:
    """Return the settings of *made* as responder reads them."""
    path = folder / "responder.toml"
    path.write_text(settings_text(made, str(folder / "rules.d")), "utf-8")
    return config.load(path)


def test_the_configuration_that_debian_ships_comes_over(tmp_path: Path) -> None:
    friends = tmp_path / "whitelist"
    friends.write_text(FRIENDS)

    made = plan(tmp_path, DEBIAN.format(friends=friends))

    assert made.sources == ({"journal": ["sshd", "sshd-session"]},)
    assert set(made.policies) == {"login", "ssh-probe"}
    policies = loaded(made, tmp_path).policies
    for name in ("login", "ssh-probe"):
        policy = policies[name]
        assert (policy.limit, policy.within, policy.ban) == (3, 30 * MINUTE, 2 * MINUTE)
        assert [policy.duration(nth) for nth in (1, 2, 3, 4)] == [120, 240, 480, 960]
    assert policies["smtp-probe"] == config.load(None).policies["smtp-probe"]
    assert [one.text for one in made.allow] == [
        "198.51.100.4",
        "2001:db8:85a3:8d3:1319:8a2e:370:7344",
        "192.0.2.128/25",
    ]
    assert [tuple(one) for one in made.hosts] == [
        ("office.example.org", f"{friends}:8"),
        ("mx.example.org", f"{friends}:9"),
    ]
    assert all(told(made, line) for line in (3, 4, 7, 8, 9))
    assert not [one for one in made.remarks if one.kind == "human"]


@pytest.mark.parametrize(("threshold", "limit"), [("1", 1), ("10", 1), ("11", 2), ("30", 3), ("999999999", 10_000)])
def test_a_threshold_is_so_many_attacks_that_score_ten(tmp_path: Path, threshold: str, limit: int) -> None:
    assert plan(tmp_path, f"THRESHOLD={threshold}").policies["login"] == {"limit": limit}


@pytest.mark.parametrize(
    "line",
    [
        "THRESHOLD=0", "THRESHOLD=many", "THRESHOLD=-5", "BLOCK_TIME=2m", "DETECTION_TIME=99999999999999999999",
        "IPV4_SUBNET=4", "IPV4_SUBNET=33", "IPV6_SUBNET=8", "IPV6_SUBNET=129", "BLOCK_TIME_MULTIPLIER=0.5",
        "BLOCK_TIME_MULTIPLIER=nan",
    ],
)  # fmt: skip
def test_a_number_that_is_none_leaves_ours_and_is_told(tmp_path: Path, line: str) -> None:
    made = plan(tmp_path, f"\n{line}")

    assert made.policies == {}
    assert told(made, 2, "human")


def test_what_is_not_set_or_is_set_to_nothing_stays_ours(tmp_path: Path) -> None:
    made = plan(tmp_path, 'THRESHOLD=30\nTHRESHOLD=""\nFILES=\nLOGREADER=""\nWHITELIST_FILE=\nBLACKLIST_FILE=\n')

    assert (made.policies, made.sources, made.allow, made.bans) == ({}, (), (), ())
    assert loaded(made, tmp_path).policies == config.load(None).policies
    assert [one.text for one in made.remarks if one.kind == "human"] == [
        "no log is known from it; without a [[source]] the usual logs are followed, or the journal"
    ]


def test_a_multiplier_that_is_set_counts(tmp_path: Path) -> None:
    made = plan(tmp_path, "BLOCK_TIME=60\nBLOCK_TIME_MULTIPLIER=1.5\n")

    assert [loaded(made, tmp_path).policies["login"].duration(nth) for nth in (1, 2, 3)] == [60, 90, 135]


def test_what_is_too_long_for_us_is_shortened_and_told(tmp_path: Path) -> None:
    made = plan(tmp_path, "DETECTION_TIME=99999999\nBLOCK_TIME=999999999\n")

    policy = loaded(made, tmp_path).policies["login"]
    assert (policy.within, policy.ban) == (30 * DAY, 3650 * DAY)
    assert told(made, 1, "tightened")
    assert told(made, 2, "tightened")


def test_networks_are_banned_as_wide_as_there(tmp_path: Path) -> None:
    made = plan(tmp_path, "IPV6_SUBNET=64\nIPV4_SUBNET=24\n")

    policy = loaded(made, tmp_path).policies["ssh-probe"]
    assert (policy.prefix_v4, policy.prefix_v6) == (24, 64)
    assert told(made, 1, "kept")
    assert any("counted together" in text for text in told(made, 2, "human"))


def test_logs_are_followed_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "auth.log").touch()
    files = [f"{tmp_path}/{name}" for name in ("auth.log", "mail.log", "nginx/access.log", "httpd/access_log", "*.log")]

    made = plan(tmp_path, f"FILES='{' '.join([*files, files[0]])} /var/log/exim4/mainlog /no/vsftpd.log rel.log'")

    assert made.sources == (
        {"path": files[0]},
        {"path": files[1]},
        {"path": files[2], "format": "access-log", "program": "nginx"},
        {"path": files[3], "format": "access-log", "program": "httpd"},
        {"path": files[4]},
        {"path": "/var/log/exim4/mainlog", "format": "plain", "program": "exim4"},
        {"path": "/no/vsftpd.log", "format": "plain", "program": "vsftpd"},
    )
    assert any(f"{files[0]} is followed" in text for text in told(made, 1, "kept"))
    assert any(f"{files[4]} is followed" in text for text in told(made, 1, "kept"))
    assert any(
        "mail.log is followed; of mail, failed logins have the limits from here" in text for text in told(made, 1)
    )
    assert any("/no/vsftpd.log" in text and "is not there now" in text for text in told(made, 1, "human"))
    assert any("'rel.log' begins with no /" in text for text in told(made, 1, "human"))
    assert len(loaded(made, tmp_path).settings.source) == 7


@pytest.mark.parametrize("path", ["/var/log/a\x7f", "/var/log/\U000e0001", "/var/log/\x01"])
def test_a_log_with_a_name_that_nobody_can_print_is_for_a_human(tmp_path: Path, path: str) -> None:
    made = plan(tmp_path, f"FILES={path}")

    assert made.sources == ()
    assert told(made, 1, "human")


def test_logs_and_journal_may_both_be_read(tmp_path: Path) -> None:
    made = plan(tmp_path, 'FILES=/var/log/auth.log\nLOGREADER="journalctl -fu dovecot | cat"\n')

    assert made.sources == ({"path": "/var/log/auth.log"}, {"journal": ["dovecot.service"]})
    assert any("'| cat' behind journalctl is left out" in text for text in told(made, 2, "human"))


def test_a_reader_that_is_no_journalctl_is_for_a_human(tmp_path: Path) -> None:
    made = plan(tmp_path, 'LOGREADER="socat - UNIX-RECV:/run/log"\n')

    assert made.sources == ()
    assert any("it is no journalctl" in text for text in told(made, 1, "human"))


def test_friends_may_stand_in_the_configuration(tmp_path: Path) -> None:
    """One instead of a file; and what the start script would have been given wins."""
    alone = plan(tmp_path, "WHITELIST_FILE=192.0.2.7")
    several = plan(tmp_path, "WHITELIST_FILE=192.0.2.7\nWHITELIST_ARG='192.0.2.8 mx.example.org'")

    assert [one.text for one in alone.allow] == ["192.0.2.7"]
    assert [one.text for one in (*several.allow, *several.hosts)] == ["192.0.2.8", "mx.example.org"]


@pytest.mark.parametrize("entry", ["0.0.0.0/0", "10.0.0.0/33", "192.0.2.", "mx.example.org/24", "fe80::1%eth0", "a,b"])
def test_a_friend_who_is_none_is_told_with_his_line(tmp_path: Path, entry: str) -> None:
    (tmp_path / "friends").write_text(f"\n{entry}\n")

    made = plan(tmp_path, f"WHITELIST_FILE={tmp_path}/friends")

    assert (made.allow, made.hosts) == ((), ())
    assert told(made, 2, "human", "friends")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/no/such/file", "there is no such file"),
        ("/", "there is no such file"),
        ("/dev/zero", "there is no such file"),
        ("./friends", "begins with no /"),
    ],
)
def test_friends_that_cannot_be_read_are_told(tmp_path: Path, name: str, why: str) -> None:
    made = plan(tmp_path, f"WHITELIST_FILE={name}")

    [text] = told(made, 1, "human")
    assert why in text
    assert "put whom it spares into [allow]" in text


ENEMIES = """\
1136073600|100|4|192.0.2.7
# 1136073600|100|4|192.0.2.8
 1136073600|100|4|192.0.2.9

1136073601|260|6|2001:db8::1
1136073602|999|4|192.0.2.77
1136073603|100|5|192.0.2.10
no entry
1136073604|100|4|192.0.2.300
"""


def test_the_blacklist_becomes_bans_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "enemies").write_text(ENEMIES)

    made = plan(tmp_path, f"BLACKLIST_FILE=90:{tmp_path}/enemies")

    assert made.bans == (
        OldBan(Prefix.parse("192.0.2.7"), 1136073600.0, None, "SSHGuard's blacklist: SSH"),
        OldBan(Prefix.parse("2001:db8::1"), 1136073601.0, None, "SSHGuard's blacklist: Postfix"),
        OldBan(Prefix.parse("192.0.2.77"), 1136073602.0, None, "SSHGuard's blacklist: service 999"),
    )
    assert any("3 lines are no entries" in text for text in told(made, 7, "human", "enemies"))
    assert any("3 bans without an end" in text for text in told(made, 1, "kept"))
    assert any("nobody is banned for ever by a score (90)" in text for text in told(made, 1, "tightened"))


def test_bans_are_as_wide_as_there_and_each_is_one(tmp_path: Path) -> None:
    (tmp_path / "enemies").write_text(ENEMIES)

    made = plan(tmp_path, f"IPV4_SUBNET=24\nIPV6_SUBNET=64\nBLACKLIST_FILE=90:{tmp_path}/enemies")

    assert [(str(one.prefix), one.since) for one in made.bans] == [
        ("192.0.2.0/24", 1136073600.0),
        ("2001:db8::/64", 1136073601.0),
    ]


@pytest.mark.parametrize("value", ["{}", "x:{}", "90:enemies", "90:/no/such/file", "90:/dev/zero"])
def test_a_blacklist_that_cannot_be_read_is_told(tmp_path: Path, value: str) -> None:
    (tmp_path / "enemies").write_text(ENEMIES)

    made = plan(tmp_path, f"BLACKLIST_FILE={value.format(tmp_path / 'enemies')}")

    assert made.bans == ()
    assert told(made, 1, "human")


def test_what_has_no_counterpart_is_told_and_what_needs_none_is_not(tmp_path: Path) -> None:
    text = "PID_FILE=/run/x\nSTATS_DIR=/x\nPOST_PARSER='grep -v x'\nTHRESHHOLD=3\nBACKEND=/x/sshg-fw-null\nA=$(id)\n"

    made = plan(tmp_path, text)

    assert [bool(told(made, line, "human")) for line in range(1, 7)] == [False, False, True, True, True, True]
    assert any("POST_PARSER has no counterpart" in text for text in told(made, 3))
    assert not told(made, 1)


@pytest.mark.parametrize("name", ["no.conf", "", "../../../../../../../dev/zero"])
def test_a_configuration_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"name an sshguard\.conf"):
        sshguard.read(tmp_path / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


NAMES = [
    "FILES", "LOGREADER", "THRESHOLD", "BLOCK_TIME", "DETECTION_TIME", "BLOCK_TIME_MULTIPLIER", "IPV4_SUBNET",
    "IPV6_SUBNET", "WHITELIST_FILE", "WHITELIST_ARG", "BLACKLIST_FILE", "BACKEND", "POST_PARSER", "ANYTHING",
]  # fmt: skip
ODD = [
    "/var/log/a\x7f",
    "/a\U000e0001",
    "/\x00",
    "/" + 300 * "a",
    "journalctl -t",
    "-u",
    "1e400",
    "90:/",
    "16",
    "8",
    "٣",
]
VALUES = st.lists(st.text(max_size=8) | st.sampled_from([*ODD, "{}/other"]), max_size=4).map(" ".join)
ENTRIES = ["1|2|4|192.0.2.7", "-1|100|6|::1", "99999999999|1|4|1.2.3.4", "#", "::/1", "mx", "10.0.0.0/8", "\x00", "\n"]
SIGNS = ["=", "\n", "'", '"', "$", "\\", " ", ";"]


@given(settings=st.dictionaries(st.sampled_from(NAMES), VALUES), other=st.text())
def test_any_values_come_to_settings_that_load(folder: Path, settings: dict[str, str], other: str) -> None:
    """Whatever stands in the other files, too."""
    (folder / "other").write_text(other, "utf-8", "replace")
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()).replace("{}", str(folder))

    made = plan(folder, text.encode("utf-8", "replace").decode())

    sources = tomllib.loads(settings_text(made, "/etc/responder/rules.d")).get("source", [])
    assert sources == [dict(one) for one in made.sources]
    assert len(loaded(made, folder).settings.allow.hosts) == len(made.hosts)


@given(
    text=st.lists(st.sampled_from([*NAMES, *SIGNS]) | st.text(max_size=5)).map("".join),
    entries=st.lists(st.sampled_from(ENTRIES) | st.text()),
)
def test_anything_may_stand_in_the_files(folder: Path, text: str, entries: list[str]) -> None:
    other = folder / "entries"
    other.write_text("\n".join(entries), "utf-8", "replace")
    files = f"WHITELIST_FILE={other}\nBLACKLIST_FILE=1:{other}\n"

    made = plan(folder, f"{files}{text}".encode("utf-8", "replace").decode())

    loaded(made, folder)
