"""Settings come from one file; everything has a default, and every mistake is told at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import config, whereabouts
from responder.blacklist.scoring import Scoring
from responder.config import Config
from responder.detect import library
from responder.errors import ConfigError, Refused
from responder.settings.endpoint import Endpoint
from responder.times import DAY, HOUR, MINUTE
from responder.values import Prefix, Scope
from responder.zones import zone

EXAMPLE = """
state   = "/var/lib/responder"
control = "/run/responder/control.sock"
rules   = ["/etc/responder/rules.d"]
disable = ["sshd-noise"]

[firewall]
backend = "auto"
socket  = ""

[[source]]
path     = "/var/log/mail.log"
format   = "syslog"
timezone = "local"

[[source]]
path     = "/var/log/auth*.log"
timezone = "Europe/Berlin"

[policy.smtp-probe]
limit  = 5
within = "10m"
ban    = "1h"

[allow]
networks = ["192.0.2.0/24", "2001:db8::/32", "::ffff:198.51.100.7"]
hosts    = ["office.example.org"]

[keep]
offences = "7d"
"""


def load(folder: Path, text: str) -> Config:
    path = folder / "responder.toml"
    path.write_text(text)
    return config.load(path)


def refusals(folder: Path, text: str) -> list[tuple[str, str, str]]:
    """Return key, problem and remedy of everything refused; each names the file."""
    with pytest.raises(Refused) as refused:
        load(folder, text)
    problems = [problem for problem in refused.value.problems if isinstance(problem, ConfigError)]
    assert len(problems) == len(refused.value.problems)
    for problem in problems:
        assert problem.path == folder / "responder.toml"
        assert str(problem).startswith(f"{problem.path}: {problem.key}")
        assert str(problem) in str(refused.value)
    return [(problem.key, problem.problem, problem.remedy) for problem in problems]


def test_an_example_with_everything_loads(tmp_path: Path) -> None:
    """As the documentation shows it."""
    loaded = load(tmp_path, EXAMPLE)

    settings = loaded.settings
    assert (settings.state, settings.control) == ("/var/lib/responder", "/run/responder/control.sock")
    assert (settings.firewall.backend, settings.firewall.socket) == ("auto", "")
    assert settings.disable == ("sshd-noise",)
    assert [source.path for source in settings.source] == ["/var/log/mail.log", "/var/log/auth*.log"]
    assert settings.source[1].timezone is ZoneInfo("Europe/Berlin")
    assert [str(network) for network in settings.allow.networks] == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]
    assert settings.allow.hosts == ("office.example.org",)
    assert settings.keep.offences == 7 * DAY
    assert loaded.path == tmp_path / "responder.toml"
    assert loaded.rule_folders == (library.shipped(), Path("/etc/responder/rules.d"))


def test_without_a_file_everything_has_a_default() -> None:
    """And the policies that ship are in force."""
    loaded = config.load(None)

    assert loaded.path is None
    assert loaded.settings.source
    paths = {source.path for source in loaded.settings.source if source.path}
    assert paths <= set(config.USUAL_LOGS)
    assert paths or loaded.settings.source[0].journal == config.USUAL_UNITS
    assert loaded.rule_folders == (library.shipped(),)
    assert {"login", "smtp-probe"} <= set(loaded.policies)
    assert loaded.longest_window == max(policy.within for policy in loaded.policies.values())


def test_an_empty_file_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be begun with nothing in it."""
    monkeypatch.setenv("TZ", "UTC")

    assert load(tmp_path, "").settings == config.load(None).settings


def test_policies_are_merged_key_by_key(tmp_path: Path) -> None:
    """Who tunes the limit keeps the rest as it ships."""
    shipped = config.load(None).policies["login"]
    ports = '["submission", 25, "imaps", 25, "https/udp", "53/udp", "domain/udp", "smtp/tcp"]'
    text = f'[policy.login]\nlimit = 4\nports = {ports}\nverdict = "reject"\nrenew = true\n'

    tuned = load(tmp_path, text).policies["login"]

    assert tuned.limit == 4 != shipped.limit
    assert (tuned.within, tuned.ban, tuned.escalate, tuned.memory) == (
        shipped.within, shipped.ban, shipped.escalate, shipped.memory,
    )  # fmt: skip
    assert tuned.scope == Scope("reject", (25, 587, 993), (53, 443))
    assert tuned.renew
    assert not shipped.renew
    assert load(tmp_path, "").policies["login"] == shipped


def test_a_new_name_makes_a_new_policy(tmp_path: Path) -> None:
    """With the defaults for what it leaves out."""
    text = '[policy.mine]\nlimit = 2\nwithin = "1m"\nban = "90s"\nescalate = 2\nprefix_v4 = 24\nprefix_v6 = 48\n'

    policies = load(tmp_path, text).policies

    mine = policies["mine"]
    assert (mine.name, mine.limit, mine.within, mine.ban, mine.escalate) == ("mine", 2, MINUTE, 90.0, 2.0)
    assert (mine.max_ban, mine.memory, mine.scope) == (30 * DAY, 30 * DAY, Scope())
    assert str(mine.key(Prefix.parse("192.0.2.7"))) == "192.0.2.0/24"
    assert "login" in policies


MISTAKES = [
    ('state = "lib"', "state", "is relative", "begins with /"),
    ('control = "run/x.sock"', "control", "is relative", "begins with /"),
    ('rules = ["rules.d"]', "rules[1]", "is relative", "begins with /"),
    ('rules = "/etc/rules.d"', "rules", "valid tuple", "in square brackets"),
    ("state = 7", "state", "valid string", "in quotes"),
    ('stat = "/x"', "stat", "unknown key", "did you mean 'state'?"),
    ("zzz = 1", "zzz", "unknown key", "known are allow, blacklist, control"),
    ('[firewall]\nbackend = "iptabels"', "firewall.backend", "'auto'", "correct it"),
    ('[firewall]\nsocket = "x.sock"', "firewall.socket", "is relative", "begins with /"),
    ('[firewall]\nsokcet = ""', "firewall.sokcet", "unknown key", "did you mean 'socket'?"),
    ("firewall = 7", "firewall", "valid dictionary", "write a table"),
    ("[[source]]", "source[1]", "nothing says where lines come from", 'journal = ["ssh.service"]'),
    ('[[source]]\npath = "/x"\njournal = ["x"]', "source[1]", "path and journal", "write path"),
    ('[[source]]\npath = "/x"\npeers = ["::1"]', "source[1]", "peers means nothing beside path", "leave it out"),
    ('[[source]]\njournal = ["x"]\nformat = "ossec-log"', "source[1]", "alerts come from a file", "write path"),
    ('[[source]]\njournal = [""]', "source[1].journal[1]", "no unit and no name", "ssh.service"),
    ('[[source]]\njournal = ["x"]\nusers = ["no such one"]', "source[1].users[1]", "there is no user", "his number"),
    ('[[source]]\nlisten = "514"', "source[1].listen", "neither udp, tcp nor unix", "udp:192.0.2.1:514"),
    ('[[source]]\nlisten = "udp:localhost:514"', "source[1].listen", "no address of this host", "tcp:[2001:db8::1]"),
    ('[[source]]\nlisten = "tcp:::1:514"', "source[1].listen", "no address with a port", "tcp:[2001:db8::1]"),
    ('[[source]]\nlisten = "tcp:127.0.0.1:0"', "source[1].listen", "no port from 1", "udp:192.0.2.1:514"),
    ('[[source]]\nlisten = "unix:log"', "source[1].listen", "no absolute path", "unix:/run/responder/log"),
    ('[[source]]\npath = "mail.log"', "source[1].path", "is relative", "begins with /"),
    (
        '[[source]]\npath = "/x"\n[[source]]\npath = "/x"\npth = "/x"',
        "source[2].pth",
        "unknown key",
        "did you mean 'path'?",
    ),
    ('[[source]]\npath = "/x"\nformat = "sylog"', "source[1].format", "'syslog'", "correct it"),
    ('[[source]]\npath = "/x"\ntimezone = "Berlin"', "source[1].timezone", "no time zone", "Europe/Berlin"),
    ('[[source]]\npath = "/x"\ntimezone = 1', "source[1].timezone", "no time zone", "Europe/Berlin"),
    ('[[source]]\npath = "/x"\ntimezone = "/x"', "source[1].timezone", "no time zone", "Europe/Berlin"),
    ('[[source]]\npath = "/x"\ntimezone = "../x"', "source[1].timezone", "no time zone", "Europe/Berlin"),
    ('[source]\npath = "/x"', "source", "valid tuple", "in square brackets"),
    ('[allow]\nnetworks = ["office"]', "allow.networks[1]", "no IPv4 or IPv6 address", "192.0.2.0/24"),
    ('[allow]\nnetworks = ["::1", "fe80::1%eth0"]', "allow.networks[2]", "zone id", "192.0.2.0/24"),
    ('[allow]\nhosts = ["a b"]', "allow.hosts[1]", "match pattern", "correct it"),
    ('[allow]\nhost = ["a"]', "allow.host", "unknown key", "did you mean 'hosts'?"),
    ('[keep]\noffences = "month"', "keep.offences", "no duration", "1h30m"),
    ("[keep]\nbans = 30", "keep.bans", "no duration", "in quotes, with a unit"),
    ("[keep]\nmost_offences = 10", "keep.most_offences", "greater than or equal to 1000", "correct it"),
    ("[limits]\ntracked = 1.5", "limits.tracked", "valid integer", "write a whole number"),
    ('[keep]\noffences = "1m"', "keep.offences", "before the longest policy window", "keep them longer"),
    ("policy = 7", "policy", "valid dictionary", "write a table"),
    ("policy.login = 7", "policy.login", "valid dictionary", "write a table"),
    ("[policy.login]\nlimit = 0", "policy.login.limit", "greater than or equal to 1", "correct it"),
    ('[policy.login]\nlimit = "5"', "policy.login.limit", "valid integer", "write a whole number"),
    ("[policy.login]\nlimt = 5", "policy.login.limt", "unknown key", "did you mean 'limit'?"),
    ("[policy.login]\nban = 3600", "policy.login.ban", "no duration", "in quotes, with a unit"),
    ('[policy.login]\nwithin = "0s"', "policy.login.within", "no time at all", "longer than nothing"),
    ("[policy.login]\nescalate = 0.5", "policy.login.escalate", "greater than or equal to 1", "correct it"),
    ("[policy.login]\nescalate = nan", "policy.login.escalate", "less than or equal to 1000", "correct it"),
    ("[policy.login]\nescalate = inf", "policy.login.escalate", "less than or equal to 1000", "correct it"),
    ("[policy.login]\nports = [0]", "policy.login.ports[1]", "0 is no port", '"imaps"'),
    ("[policy.login]\nports = [true]", "policy.login.ports[1]", "True is no port", '"imaps"'),
    ('[policy.login]\nports = ["smpt"]', "policy.login.ports[1]", "'smpt' is no port", '"imaps"'),
    ('[policy.login]\nports = ["53/sctp"]', "policy.login.ports[1]", "'53/sctp' is no port", '"domain/udp"'),
    ('[policy.login]\nports = ["70000/udp"]', "policy.login.ports[1]", "'70000/udp' is no port", '"domain/udp"'),
    (f"[policy.login]\nports = {[f'{port}/udp' for port in range(1, 17)]}", "policy.login.ports", "15 UDP", "out"),
    ('[policy.login]\nrenew = "yes"', "policy.login.renew", "valid boolean", "write true or false"),
    (f"[policy.login]\nports = {list(range(1, 17))}", "policy.login.ports", "at most 15 TCP", "leave them out"),
    ("[policy.login]\nprefix_v4 = 33", "policy.login.prefix_v4", "less than or equal to 32", "correct it"),
    ('[policy.login]\nverdict = "block"', "policy.login.verdict", "'drop'", "correct it"),
    ('[policy.mine]\nwithin = "1m"\nban = "1m"', "policy.mine.limit", "is missing", "a new policy needs it"),
]


@pytest.mark.parametrize(("text", "key", "what", "remedy"), MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_a_mistake_is_told_with_its_key_and_a_remedy(
    tmp_path: Path, text: str, key: str, what: str, remedy: str
) -> None:
    """And nothing else is found fault with."""
    found = refusals(tmp_path, text)

    assert [one[0] for one in found] == [key]
    assert what in found[0][1]
    assert remedy in found[0][2]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Of the settings and of the policies, whichever way they were found."""
    text = """
stat = "/x"
rules = ["a", "/b", "c"]
[[source]]
path = "x"
[allow]
networks = ["x"]
[policy.login]
limit = 0
within = 5
[policy.mine]
ban = "1h"
"""
    assert {key for key, *_ in refusals(tmp_path, text)} == {
        "stat", "rules[1]", "rules[3]", "source[1].path", "allow.networks[1]", "policy.login.limit",
        "policy.login.within", "policy.mine.limit", "policy.mine.within",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "what"), [(b"state = ", "no TOML"), (b"\xff", "cannot be read"), (None, "no such file")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, what: str) -> None:
    """With its name: it is not taken for an empty one."""
    path = tmp_path / "responder.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Refused, match=what) as refused:
        config.load(path)

    assert str(refused.value).startswith(f"{path}: ")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """As any other that cannot be read."""
    with pytest.raises(Refused, match="cannot be read"):
        config.load(tmp_path)


def test_the_file_on_the_command_line_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then RESPONDER_CONFIG, then the usual place where there is one, then the defaults."""
    usual = tmp_path / "usual.toml"
    monkeypatch.setattr(whereabouts, "DEFAULT_PATH", usual)
    monkeypatch.delenv("RESPONDER_CONFIG", raising=False)
    given_path, environment = tmp_path / "given.toml", tmp_path / "environment.toml"

    assert whereabouts.find(None) is None
    usual.touch()
    assert whereabouts.find(None) == usual
    monkeypatch.setenv("RESPONDER_CONFIG", str(environment))
    assert whereabouts.find(None) == environment
    assert whereabouts.find(given_path) == given_path
    monkeypatch.setenv("RESPONDER_CONFIG", "")
    assert whereabouts.find(None) == usual


LINES = st.sampled_from(
    [
        "[firewall]", "[[source]]", "[allow]", "[keep]", "[policy.login]", "[policy.x]", "[policy]", "[source]",
        "state = []", "rules = [1, '/x']", "path = '/x'", "limit = 3", "within = '1m'", "ban = '1h'",
        "ports = ['smtp']", "login = 1", "login = {limit = 1}", "networks = [[]]", "hosts = 'x'", "timezone = 'UTC'",
        "policy = {x = []}",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_any_file_loads_or_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """And no other exception."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text)
    refused: Refused | None = None
    try:
        loaded = config.load(path)
    except Refused as error:
        refused = error

    assert all(problem.remedy for problem in refused.problems) if refused else loaded.policies
    assert refused is None or refused.problems


SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("variable", "hours"), [("Asia/Tokyo", 9), (":Asia/Tokyo", 9), ("/usr/share/zoneinfo/Asia/Tokyo", 9), ("UTC", 0)]
)
def test_local_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, variable: str, hours: int) -> None:
    """As for every other program, so that logs and we agree."""
    if variable.startswith("/") and not Path(variable).exists():
        pytest.skip("no system time zone database")
    monkeypatch.setenv("TZ", variable)

    assert SUMMER.astimezone(zone("local")).utcoffset() == timedelta(hours=hours)


def test_local_is_the_hosts_zone_where_the_environment_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its rules for summer; UTC on a host that has none."""
    monkeypatch.delenv("TZ", raising=False)
    at_the_host = datetime.fromtimestamp(SUMMER.timestamp()).astimezone()

    assert SUMMER.astimezone(zone("local")).utcoffset() == at_the_host.utcoffset()
    monkeypatch.setattr("responder.zones._LOCAL", "/nowhere")
    assert zone("local") is UTC


@pytest.mark.parametrize("variable", ["CET-1CEST", "Nowhere/Land", "/nowhere"])
def test_an_environment_that_names_no_zone_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """A time zone mistake would silently disable banning."""
    monkeypatch.setenv("TZ", variable)

    with pytest.raises(Refused, match=r"timezone: TZ in the environment: .* is no time zone"):
        config.load(None)


def test_durations_are_read_as_seconds(tmp_path: Path) -> None:
    """Units are for people."""
    assert load(tmp_path, '[policy.login]\nban = "1h30m"\n').policies["login"].ban == 1.5 * HOUR


def test_a_host_without_logs_is_watched_in_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the units of the services whose logs it would have; where there is no journal either, logs are waited for."""
    monkeypatch.setattr(config, "USUAL_LOGS", (str(tmp_path / "mail.log"), str(tmp_path / "auth.log")))
    monkeypatch.setattr(config, "JOURNAL", tmp_path / "socket")
    assert [source.path for source in load(tmp_path, "").settings.source] == list(config.USUAL_LOGS)
    (tmp_path / "socket").touch()
    (source,) = load(tmp_path, "").settings.source
    assert source.journal == config.USUAL_UNITS
    assert {"ssh.service", "postfix@-.service", "responder-policyd.service"} <= {*source.journal}
    (tmp_path / "auth.log").touch()
    (source,) = load(tmp_path, "").settings.source
    assert source.path == str(tmp_path / "auth.log")


def test_a_journal_and_a_socket_are_sources(tmp_path: Path) -> None:
    """Each with whom to believe."""
    text = """
[[source]]
journal = ["postfix@*.service", "sshd"]
users = ["root", "7"]
[[source]]
listen = "tcp:[::1]:514"
peers = ["192.0.2.0/24"]
[[source]]
listen = "unix:/run/log"
"""
    journal, peer, unix = load(tmp_path, text).settings.source

    assert (journal.name, set(journal.user_ids)) == ("journal:postfix@*.service,sshd", {0, 7})
    assert (peer.name, [str(network) for network in peer.peers]) == ("tcp:[::1]:514", ["192.0.2.0/24"])
    assert [str(network) for network in unix.peers] == ["127.0.0.0/8", "::1"]
    assert Endpoint.parse(peer.listen) == Endpoint("tcp", "::1", 514)
    assert Endpoint.parse(unix.listen) == Endpoint("unix", "/run/log")


def test_a_blacklist_is_scored_as_its_settings_say(tmp_path: Path) -> None:
    """The defaults of the settings are those of the scoring; without a table there is no blacklist."""
    assert load(tmp_path, "").settings.blacklist.url == ""
    assert Scoring(**load(tmp_path, "").settings.blacklist.scoring.model_dump()) == Scoring()

    text = '[blacklist]\nurl = "sqlite:///x"\n[blacklist.scoring]\nreporters = 1\nhalf_life = "1d"\nstrict = 9\n'
    scoring = Scoring(**load(tmp_path, text).settings.blacklist.scoring.model_dump())
    assert (scoring.reporters, scoring.half_life, scoring.strict) == (1, DAY, 9.0)


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('url = "mysql://x"', "blacklist.url", "write sqlite:////var/lib/responder/blacklist.db"),
        ("[blacklist.scoring]\nbroad = 9", "blacklist.scoring", "write broad, moderate and strict in growing order"),
        ("[blacklist.scoring]\nhalflife = '1d'", "blacklist.scoring.halflife", "did you mean 'half_life'?"),
        ("[blacklist.scoring]\nreporters = 0", "blacklist.scoring.reporters", "correct it"),
    ],
)
def test_a_blacklist_that_cannot_be_is_refused(tmp_path: Path, text: str, key: str, remedy: str) -> None:
    [(found, _, advice)] = refusals(tmp_path, f"[blacklist]\n{text}\n")

    assert found == key
    assert remedy in advice
