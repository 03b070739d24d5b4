"""``responder export`` of a blacklist of this host: what is listed comes out, in both databases."""

from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def blacklist(responder: Command, database_url: str, tmp_path: Path) -> Command:
    """Return the command line, whose blacklist lists who was reported once."""
    export = f'[[export]]\nformat = "postfix-cidr"\noutput = "{tmp_path / "client.cidr"}"\n'
    responder.configure(
        f'[blacklist]\nurl = "{database_url}"\n[blacklist.scoring]\nreporters = 1\nbroad = 0.5\n{export}'
    )
    responder("blacklist", "reporter", "add", "koko", "--group", "person")
    return responder


def report(responder: Command, *about: str, **more: str) -> None:
    words = [word for key, value in more.items() for word in (f"--{key}", value)]
    for one in about:
        assert responder("blacklist", "report", one, "--reporter", "koko", *words).status == 0


def test_what_is_listed_is_exported_in_order(blacklist: Command) -> None:
    """By level and kind, without what an entry of the allowlist covers; and again as it was, from the JSON of it."""
    report(blacklist, "45.10.20.30", "45.10.20.0/28", "10.1.2.3", "spam.example", "2a00:1::1", category="spam")
    report(blacklist, "45.9.9.9")
    blacklist("blacklist", "allow", "45.9.9.0/24", "--why", "ours")

    said = blacklist("export", "plain")

    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines()[1:] == ["45.10.20.0/28", "45.10.20.30", "2a00:1::1", "spam.example"]
    assert blacklist("export", "plain", "--kind", "domain").out.splitlines()[1:] == ["spam.example"]
    assert blacklist("export", "plain", "--level", "strict").out.splitlines()[1:] == []
    once = blacklist("export", "json").out
    assert "45.9.9.0/24" in once
    assert blacklist("export", "json", "--from", "-", stdin=once).out.splitlines()[1:] == once.splitlines()[1:]


def test_all_files_of_the_settings_follow_the_blacklist(blacklist: Command, tmp_path: Path) -> None:
    """Unchanged where nothing changed."""
    report(blacklist, "45.10.20.30")

    assert "written, 1 entries" in blacklist("export", "--all").out
    assert "unchanged" in blacklist("export", "--all").out
    assert "45.10.20.30" in (tmp_path / "client.cidr").read_text()


def test_without_a_blacklist_a_sentence_says_what_to_set(responder: Command) -> None:
    said = responder("export", "plain")

    assert (said.status, said.out) == (78, "")
    assert "blacklist.url" in said.err


def test_a_long_import_lets_others_write_meanwhile(blacklist: Command, tmp_path: Path) -> None:
    """It is taken in parts; what came before a fault stays, and the whole, once more, adds the rest alone."""
    whole = "".join(f"45.{n >> 8}.{n & 255}.1\n" for n in range(2_500))
    (tmp_path / "list").write_text(whole)

    assert blacklist("blacklist", "import", "--reporter", "koko", str(tmp_path / "list")).status == 0
    assert blacklist("blacklist", "import", "--reporter", "koko", str(tmp_path / "list")).status == 0

    assert len(blacklist("export", "plain").out.splitlines()) == 2_501
