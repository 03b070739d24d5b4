"""What ``responder explain`` tells of a sender beside his quotas: listings, and what the policy service logged."""

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.command import Command
from tests.lab.daemon import Daemon
from tests.lab.wait import until

_LINE = (
    '{stamp} mx responder-policyd[311]: quota: {what} client=192.0.2.7 quota=sender-domain limit="20 messages per 1m"'
    ' used=20 until=2026-07-17T03:13:46Z stage=END-OF-MESSAGE user="{user}" key="{key}" sender="{sender}"'
    ' recipient="a@b.test"\n'
)


def logged(folder: Path, sender: str, what: str = "defer", user: str = "") -> None:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = sender.rpartition("@")[2]
    with (folder / "mail.log").open("a") as log:
        log.write(_LINE.format(stamp=stamp, what=what, user=user, key=key, sender=sender))


def test_lines_about_a_sender_are_shown_and_no_others(responder: Command, daemon: Daemon) -> None:
    """Of his domain and of him who logged in, too; whoever writes another's name into his own frames nobody."""
    logged(responder.folder, "News@Shop.example", user="bob")
    logged(responder.folder, "other@shop.example", "suspend")
    logged(responder.folder, r"\" sender=\"news@shop.example\"@evil.example")
    logged(responder.folder, "calm@calm.example", "warning")
    until(lambda: len(lines(responder, "evil.example")) == 1)

    assert len(lines(responder, "news@shop.example")) == len(lines(responder, "bob")) == 1
    assert len(lines(responder, "shop.example")) == 2
    assert len(lines(responder, "shop.example", "--most", "1")) == 1
    said = responder("explain", "shop.example")
    assert said.status == 0
    assert "Offences that the policy service logged (2, oldest first):" in said.out
    assert "policyd-suspended (quota-abuse): " in said.out
    assert said.out.index('sender="News@Shop.example"') < said.out.index("quota: suspend")
    assert responder("explain", "calm@calm.example").status == 1


def lines(responder: Command, *words: str) -> list[str]:
    return [one["line"] for one in responder("explain", *words, "--json").json["offences"]]


def test_a_store_that_cannot_be_read_hides_nothing_else(responder: Command) -> None:
    (responder.folder / "state").mkdir()
    (responder.folder / "state/state.db").write_text("no database" * 1000)
    assert responder("quota", "suspend", "shop.example").status == 0

    said = responder("explain", "shop.example")

    assert said.status == 0
    assert "shop.example is suspended until resumed" in said.out
    assert "Offences cannot be read: " in said.out


def test_what_is_listed_is_told(responder: Command) -> None:
    """An address is listed with its domain; what was reported of either is shown.  A user's name is nothing to list."""
    scoring = "[blacklist.scoring]\nreporters = 1\nbroad = 0.1\n"
    responder.configure(f'[blacklist]\nurl = "sqlite:///{responder.folder}/blacklist.db"\n{scoring}')
    responder("blacklist", "reporter", "add", "koko", "--group", "person")
    assert responder("explain", "news@shop.example").status == 1
    responder("blacklist", "report", "shop.example", "--reporter", "koko", "--category", "spam")
    responder("blacklist", "report", "news@shop.example", "--reporter", "koko", "--category", "phishing")

    said = responder("explain", "News@Shop.example")
    found = responder("explain", "news@shop.example", "--json").json["blacklist"]

    assert said.status == 0
    assert "On the blacklist:\nnews@shop.example is listed\n" in said.out
    assert {one["subject"] for one in found["listings"]} == {"shop.example", "news@shop.example"}
    assert {one["category"] for one in found["reports"]} == {"spam", "phishing"}
    assert responder("explain", "other@shop.example", "--json").json["blacklist"]["listed"] is True
    assert responder("explain", "bob", "--json").json["blacklist"] is None
