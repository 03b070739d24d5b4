"""The configuration that Debian installs, converted whole, and held against fail2ban itself."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from responder import config
from responder.detect import library
from responder.moving import fail2ban, filterfile
from responder.moving.convert import convert
from responder.moving.counterparts import FILTERS, counterpart
from responder.moving.plan import Plan
from responder.moving.settings import together
from tests.moving import debian as real

pytestmark = pytest.mark.skipif(bool(real.missing()), reason=real.missing())

_NOW = 1_800_000_000.0
_STOCK = sorted(path.stem for path in (real.CONFIGURATION / "filter.d").glob("*.conf") if "common" not in path.stem)
_CONVERTED = 58
"""So many of its expressions can be rules today, of 194."""


def plan(folder: Path = real.CONFIGURATION, *, every_jail: bool = False, own_filters: bool = False) -> Plan:
    return fail2ban.read(folder, _NOW, every_jail=every_jail, own_filters=own_filters)


def loaded(made: Plan, folder: Path) -> config.Config:
    """Return the settings that *made* comes to, with its rules beside them."""
    rules = folder / "rules.d"
    rules.mkdir()
    for file in made.rules:
        (rules / file.name).write_text(file.text)
    settings = folder / "responder.toml"
    settings.write_text(f'state = "{folder}"\n' + together("", made, str(rules)).text)
    return config.load(settings)


@pytest.mark.parametrize("how", [{}, {"every_jail": True}, {"every_jail": True, "own_filters": True}], ids=str)
def test_what_comes_of_it_are_settings_and_rules_that_hold(how: dict[str, bool], tmp_path: Path) -> None:
    made = plan(every_jail="every_jail" in how, own_filters="own_filters" in how)

    library_of = loaded(made, tmp_path).rules()

    theirs = [rule for rule in library_of.in_force if rule.id.startswith("fail2ban-")]
    assert len(theirs) >= (_CONVERTED if "own_filters" in how else 30 if how else 0)
    assert bool(made.disable) == ("own_filters" in how)


def test_every_jail_is_told_of() -> None:
    made = plan(every_jail=True, own_filters=True)

    told = {one.where for one in made.remarks} | {file.name for file in made.rules}

    sections = re.findall(
        r"^\[(?!INCLUDES|DEFAULT)(.+)\]", (real.CONFIGURATION / "jail.conf").read_text(), re.MULTILINE
    )
    assert len(sections) > 80
    assert [name for name in sections if not any(f"[{name}]" in one or f"-{name}" in one for one in told)] == []
    assert all(one.text for one in made.remarks)


@pytest.mark.parametrize("name", _STOCK)
def test_fail2ban_finds_the_same_in_the_examples(name: str, tmp_path: Path) -> None:
    """What a converted rule blames in its own examples, the filter it was made from blames in them too.

    And each of its expressions is a rule, or told why not.
    """
    found = filterfile.read(real.CONFIGURATION, name, {"mode": "normal"}, {})
    made = convert(found, name, "login", syslog=False)
    examples = [
        example
        for file in made.files
        for rule in tomllib.loads(file.text).get("rule", [])
        for example in rule["example"]
        if example["address"]
    ]
    lines = [example["line"] for example in examples]

    told = {one.where.rpartition(" ")[2] for one in made.remarks}
    assert told == {str(number + 1) for number in range(len(found.failures))}
    blamed = real.found(real.CONFIGURATION, name, lines, tmp_path) if lines else []
    assert blamed == [example["address"] for example in examples]


def test_an_expression_that_asks_for_what_its_prefregex_does_is_kept() -> None:
    found = filterfile.read(real.CONFIGURATION, "dropbear", {}, {})

    made = convert(found, "dropbear", "login", syslog=False)

    assert [one.kind for one in made.remarks] == ["kept", "kept", "human"]
    assert "not linear" in made.remarks[2].text
    assert len(made.forms) == 1


def test_our_rules_stand_for_filters_that_are_there() -> None:
    assert set(_STOCK) >= FILTERS
    shipped = library.shipped()
    policies = tomllib.loads((shipped / library.POLICIES).read_text())["policy"]
    for name in FILTERS:
        for mode in ("", "auth", "extra", "aggressive"):
            ours = counterpart(name, mode)
            assert ours
            assert all((shipped / f"{file}.toml").exists() for file in ours.files)
            assert set(ours.policies) <= set(policies)


def test_a_filter_that_was_changed_is_converted_and_not_replaced(tmp_path: Path) -> None:
    shutil.copytree(real.CONFIGURATION, tmp_path / "fail2ban")
    own = tmp_path / "fail2ban" / "filter.d" / "sshd.local"
    own.write_text("[Definition]\nfailregex = ^%(__prefix_line)sKoko was here from <HOST>$\n")

    made = plan(tmp_path / "fail2ban")

    assert [file.name for file in made.rules] == ["fail2ban-sshd.toml"]
    assert "Koko was here from <address>$" in made.rules[0].text


def test_what_the_administrator_set_himself_goes_to_our_policies(tmp_path: Path) -> None:
    folder = tmp_path / "fail2ban"
    shutil.copytree(real.CONFIGURATION, folder)
    (folder / "jail.local").write_text(
        "[DEFAULT]\nbantime = 1d\nbantime.increment = true\nignoreip = 127.0.0.1/8 192.0.2.0/24 office.example.org\n"
        "[sshd]\nmaxretry = 3\n[postfix-sasl]\nenabled = true\nmaxretry = 7\nignoreip = 198.51.100.9\n"
    )

    made = plan(folder)

    assert made.policies["login"] == {"limit": 7, "ban": "1d", "escalate": 2.0, "memory": "1d"}
    assert made.policies["ssh-probe"]["limit"] == 3
    assert [one.text for one in made.allow] == ["192.0.2.0/24", "198.51.100.9"]
    assert [one.text for one in made.hosts] == ["office.example.org"]
    assert any(one.kind == "human" and "most patient" in one.text for one in made.remarks)
    policies = loaded(made, tmp_path).policies
    assert policies["login"].limit == 7
    assert policies["login"].within == 600.0


def test_a_jail_that_shares_a_policy_is_not_made_stricter_by_another(tmp_path: Path) -> None:
    folder = tmp_path / "fail2ban"
    shutil.copytree(real.CONFIGURATION, folder)
    (folder / "jail.local").write_text("[sshd]\nmaxretry = 3\n[dovecot]\nenabled = true\n")

    made = plan(folder)

    assert made.policies["login"] == {"limit": 5}
    assert made.policies["ssh-probe"] == {"limit": 3}


def test_who_is_let_in_is_not_banned() -> None:
    made = plan(every_jail=True)

    assert not any("pass2allow" in file.name for file in made.rules)
    assert any("lets in" in one.text for one in made.remarks)
