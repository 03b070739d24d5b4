"""What a jail says is read as fail2ban means it."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.moving import clock, fail2ban
from responder.moving.convert import programs
from responder.moving.filterfile import named
from responder.moving.jail import FOREVER, seconds
from responder.moving.plan import Plan
from tests.moving import debian as real

_NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("600", 600), ("10m", 600), ("1h 30m", 5400), ("1d12h", 129_600), ("2 weeks", 1_209_600), ("1mo", 2_592_000),
        ("1y", 31_536_000), ("1.5h", 5400), ("-1", FOREVER), ("30 sec", 30),
    ],
)  # fmt: skip
def test_times_are_read(text: str, span: float) -> None:
    assert seconds(text) == span


@given(st.text(st.sampled_from("0123456789smhdwy. -+*x"), max_size=12))
def test_what_is_no_time_is_an_error_and_nothing_else(text: str) -> None:
    try:
        span = seconds(text)
    except ValueError:
        return
    assert span >= FOREVER


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("sshd", "sshd", {}),
        ("postfix[mode=auth]", "postfix", {"mode": "auth"}),
        ("web[a=\"x, y]\", b='z']", "web", {"a": "x, y]", "b": "z"}),
        ("web[a=1][b=2]", "web", {"a": "1", "b": "2"}),
    ],
)
def test_filters_are_named_with_options(text: str, name: str, options: dict[str, str]) -> None:
    assert named(text) == (name, options)


@pytest.mark.parametrize(
    ("daemon", "globs"),
    [
        ("sshd", ("sshd",)),
        ("", ("*",)),
        (r"\S*", ("*",)),
        ("(?:dovecot(?:-auth)?|auth)", ("dovecot", "dovecot-auth", "auth")),
        (r"postfix(-\w+)?/\w+(?:/smtp[ds])?", ("postfix/*", "postfix/*/smtp?", "postfix-*/*", "postfix-*/*/smtp?")),
        ("(broken", ("*",)),
    ],
)
def test_programs_are_shell_patterns(daemon: str, globs: tuple[str, ...]) -> None:
    assert programs(daemon) == globs


@pytest.mark.parametrize("readable", ["", "{^LN-BEG}", r"^\[%Y-%m-%d %H:%M:%S\]", "{^LN-BEG}Epoch\n{^LN-BEG}"])
def test_a_time_that_we_read_too_is_no_problem(readable: str) -> None:
    assert clock.problem(readable) == ""


@pytest.mark.parametrize("other", ["{^LN-BEG}Epoch", "^%m/%d/%Y %H:%M:%S", r"^\[%d/%b/%Y %H:%M:%S\]", "(?:%Y|%y)"])
def test_a_time_that_we_do_not_read_is_told(other: str) -> None:
    assert "are of no form that our formats read" in clock.problem(other)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if why := real.missing():
        pytest.skip(why)
    shutil.copytree(real.CONFIGURATION, tmp_path / "fail2ban")
    return tmp_path / "fail2ban"


def local(folder: Path, text: str) -> Plan:
    (folder / "jail.local").write_text(f"[sshd]\nenabled = false\n{text}")
    return fail2ban.read(folder, _NOW)


def told(plan: Plan, kind: str) -> str:
    return "\n".join(f"{one.where}: {one.text}" for one in plan.remarks if one.kind == kind)


def test_a_jail_of_the_journal_names_units(folder: Path) -> None:
    plan = local(folder, "[sshd]\nenabled = true\nbackend = systemd\n[dovecot]\nenabled = true\nbackend = systemd\n")

    assert plan.sources == (
        {"journal": ["ssh.service", "sshd.service", "sshd", "sshd-session", "dovecot.service"]},
    )  # fmt: skip


def test_a_jail_of_his_own_becomes_a_rule_a_policy_and_a_source(folder: Path) -> None:
    (folder / "filter.d" / "koko.conf").write_text("[Definition]\nfailregex = ^koko: wrong word from <HOST>$\n")
    plan = local(
        folder,
        "[koko]\nenabled = true\nlogpath = /srv/koko.log\nport = 8080,https\n"
        "maxretry = 2\nbantime = -1\nfindtime = 1h\n",
    )

    assert plan.sources == ({"path": "/srv/koko.log", "format": "plain", "program": "koko"},)
    assert plan.policies == {
        "fail2ban-koko": {"limit": 2, "within": "1h", "ban": "3650d", "max_ban": "3650d", "ports": ["8080", "443"]}
    }
    assert 'pattern = "koko: wrong word from <address>$"' in plan.rules[0].text
    assert "koko.conf:2 failregex 1: rule fail2ban-koko-1" in told(plan, "kept")
    assert "ten years" in told(plan, "tightened")


def test_syslog_lines_that_the_filter_spells_out_are_judged_by_program(folder: Path) -> None:
    (folder / "filter.d" / "koko.conf").write_text(
        "[Definition]\nfailregex = kokod\\[\\d+\\]: wrong word from <HOST>$\n"
    )
    plan = local(folder, "[koko]\nenabled = true\nlogpath = /var/log/syslog\n")

    assert plan.sources == ({"path": "/var/log/syslog"},)
    assert 'program = ["kokod"]' in plan.rules[0].text
    assert 'pattern = "wrong word from <address>$"' in plan.rules[0].text


def test_what_cannot_be_kept_is_told_with_its_place(folder: Path) -> None:
    plan = local(
        folder,
        "[nofilter]\nenabled = true\nfilter = nowhere\n"
        "[postfix]\nenabled = true\nignorecommand = /bin/true <ip>\nignoreip = 1.2.3.4/99\nbantime = soon\n"
        "action = iptables[name=x]\n         cloudflare[cfuser=a]\n",
    )

    human = told(plan, "human")
    assert f"{folder}/jail.local:4 [nofilter]: there is no filter {folder}/filter.d/nowhere.conf" in human
    assert "[postfix]: ignorecommand has no counterpart" in human
    assert "'1.2.3.4/99' is no address, no network and no host" in human
    assert "bantime: 'soon' is no number that fail2ban writes; 600 is taken" in human
    assert "action cloudflare has no counterpart" in human
    assert "iptables" not in human


@pytest.mark.parametrize("broken", ["bantime.maxtime = soon\nbantime.increment = true", "maxretry = x", "findtime = x"])
def test_a_number_that_is_none_is_told_and_the_usual_one_taken(folder: Path, broken: str) -> None:
    (folder / "filter.d" / "koko.conf").write_text("[Definition]\nfailregex = ^koko: wrong word from <HOST>$\n")

    plan = local(folder, f"[koko]\nenabled = true\nlogpath = /srv/koko.log\n{broken}\n")

    assert {"limit": 5, "within": "10m", "ban": "10m"}.items() <= plan.policies["fail2ban-koko"].items()
    assert "is no number that fail2ban writes" in told(plan, "human")


def test_an_option_that_refers_to_nothing_is_told(folder: Path) -> None:
    plan = local(folder, "[postfix]\nenabled = true\nlogpath = %(nowhere)s\n")

    assert f"{folder}/jail.local:5: logpath: %(nowhere)s is nowhere" in told(plan, "human")


def test_a_database_that_cannot_be_read_does_not_keep_the_rest_back(folder: Path) -> None:
    (folder / "broken.db").write_text("no database")
    (folder / "fail2ban.local").write_text(f"[Definition]\ndbfile = {folder}/broken.db\n")

    plan = local(folder, "[postfix]\nenabled = true\n")

    assert plan.sources
    assert "without it nobody it has banned is known" in told(plan, "human")


def test_mails_become_a_notice(folder: Path) -> None:
    plan = local(
        folder, "[DEFAULT]\ndestemail = admin@example.org\naction = %(action_mw)s\n[postfix]\nenabled = true\n"
    )

    assert [(one["kind"], one["to"]) for one in plan.notify] == [("mail", ["admin@example.org"])]
    assert "one mail an hour" in told(plan, "tightened")
