"""What README.md and the guide show works as it is shown."""

import re
from pathlib import Path

import click
import pytest

from responder import config
from responder.cli.main import cli
from responder.detect import library

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "contrib" / "guide").glob("*.md"))]
README = "\n".join(page.read_text() for page in PAGES)
SHOWN = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
RULES = [text for text in SHOWN if "[[rule]]" in text]
SETTINGS = "".join(text for text in SHOWN if text not in RULES)


def test_the_settings_shown_are_sound(tmp_path: Path) -> None:
    """Every key that the README names exists, and its value is right."""
    path = tmp_path / "responder.toml"
    path.write_text(SETTINGS)

    loaded = config.load(path)

    assert loaded.policies["smtp-probe"].scope.ports == (25, 587)
    assert loaded.policies["smtp-probe"].escalate == 2.0


NAMES = [["postfix-trap"], ["app-failed", "app-gave-up"], ["caddy-refused"]]


@pytest.mark.parametrize(("text", "names"), list(zip(RULES, NAMES, strict=True)))
def test_the_rules_shown_are_sound_and_true_to_their_examples(tmp_path: Path, text: str, names: list[str]) -> None:
    """Whoever copies one has a rule that works."""
    (tmp_path / "mine.toml").write_text(text)
    policies = config.load(None).policies

    rules = library.load([tmp_path], policies)

    assert [rule.id for rule in rules] == names


@pytest.mark.parametrize("command", re.findall(r"^responder (\w+).*#", README, re.MULTILINE))
def test_the_commands_shown_exist(command: str) -> None:
    """No verb is taught that is not there."""
    assert cli.get_command(click.Context(cli), command)


@pytest.mark.parametrize(
    "page", [*PAGES, *(ROOT / "contrib").rglob("README.md")], ids=lambda page: str(page.parent.name)
)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
