"""responder blacklist: people report, vote, ask and decide; every answer in words and as JSON."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder import databases
from responder.blacklist import database, proposals, subject
from responder.blacklist.values import Report
from tests.cli.command import Command, Said

HE = "45.10.20.30"


class Blacklist:
    """Calls ``responder blacklist``."""

    def __init__(self, responder: Command, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'blacklist.db'}"
        self._responder = responder
        responder.configure(f'[blacklist]\nurl = "{self.url}"\n')

    def __call__(self, *words: str) -> Said:
        return self._responder("blacklist", *words)

    def have_listed(self, about: str) -> None:
        """Have *about* reported by three on three days, long enough ago that the hour of today makes no difference."""
        for ago, name in enumerate(("ann", "bob", "cat")):
            day = f"{datetime.now(UTC) - timedelta(days=ago + 2):%Y-%m-%d}"
            assert self("reporter", "add", name, "--group", "person").status == 0
            assert self("report", about, "--reporter", name, "--day", day, "--category", "spam").status == 0


@pytest.fixture
def blacklist(responder: Command, tmp_path: Path) -> Blacklist:
    return Blacklist(responder, tmp_path)


def test_a_listing_is_made_shown_and_listed(blacklist: Blacklist) -> None:
    """In words for people; show exits with 1 for what is not listed."""
    assert blacklist("show", HE).status == 1
    blacklist.have_listed(HE)

    shown = blacklist("show", HE)
    assert shown.status == 0
    assert f"{HE} is listed" in shown.out
    assert "spam: 3 reports by 3 reporters on 3 days" in shown.out
    assert blacklist("show", "45.10.20.31").status == 1
    [listed] = blacklist("list", "--json").json
    assert {key: listed[key] for key in ("subject", "kind", "category", "level")} == {
        "subject": HE, "kind": "address", "category": "spam", "level": "broad",
    }  # fmt: skip
    assert blacklist("list", "--level", "strict", "--json").json == []
    assert blacklist("list", "--kind", "domain", "--json").json == []
    assert "1 listed" in blacklist("list").out


def test_a_report_twice_is_answered_with_1(blacklist: Blacklist) -> None:
    blacklist("reporter", "add", "ann", "--group", "person")
    words = ("report", "Example.ORG", "--reporter", "ann", "--evidence", "a line")
    first, second = blacklist(*words, "--json"), blacklist(*words)

    assert first.json == {"subject": "example.org", "new": True, "listed": False, "listings": []}
    assert (second.status, second.out) == (1, "ann reported example.org on that day already\n")


def test_votes_and_history(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    assert blacklist("vote", HE, "--reporter", "ann", "--against", "--json").json["listed"] is True
    for name in ("bob", "cat"):
        blacklist("vote", HE, "--reporter", name, "--against")

    assert blacklist("show", HE, "--json").json["listed"] is False
    told = [(deed["actor"], deed["action"]) for deed in blacklist("history", HE, "--json").json]
    assert sorted(told[:4]) == [("ann", "report"), ("bob", "report"), ("cat", "report"), ("scoring", "listed")]
    assert ("cat", "vote") in told
    assert ("scoring", "unlisted") in told


def test_a_removal_is_asked_for_reviewed_and_decided(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    asked = blacklist("request-removal", HE, "--by", "Pat", "--contact", "pat@example.org", "--text", "clean", "--json")
    assert asked.json == {"number": 1, "subject": HE, "state": "open"}
    assert blacklist("review", "refuse", "1", "--why", "no", "--by", "mod").out == f"{HE}: refused\n"
    blacklist("request-removal", HE, "--by", "Pat")

    [waiting] = blacklist("review", "--json").json
    assert (waiting["number"], waiting["by"], waiting["refused_before"]) == (2, "Pat", 1)
    assert "Pat" in blacklist("review").out
    assert blacklist("show", HE).status == 0
    assert blacklist("review", "grant", "2", "--why", "new owner").status == 0
    assert blacklist("show", HE).status == 1
    assert blacklist("review", "grant", "2", "--why", "again").status == 64


def test_what_is_allowed_is_never_listed(blacklist: Blacklist) -> None:
    assert blacklist("allow", "45.10.20.0/28", "--why", "ours", "--by", "me").status == 0
    assert blacklist("allow", HE, "--why", "him, too").out == f"{HE} is never listed\n"
    blacklist.have_listed("45.10.20.1")

    assert "allowed with 45.10.20.0/28: ours" in blacklist("show", "45.10.20.1").out
    mine = [entry for entry in blacklist("allowed", "--json").json if not entry["by"].startswith("host ")]
    assert [entry["subject"] for entry in mine] == ["45.10.20.0/28", HE]
    assert blacklist("disallow", HE).status == 0
    assert blacklist("disallow", HE).status == 1
    assert "45.10.20.0/28" in blacklist("allowed").out


def test_groups_and_reporters(blacklist: Blacklist) -> None:
    assert blacklist("group", "set", "partners", "0.5").status == 0
    assert blacklist("reporter", "add", "ann", "--group", "partners").out == "ann is of group partners\n"
    assert {"name": "partners", "weight": 0.5} in blacklist("group", "list", "--json").json
    assert [one["weight"] for one in blacklist("reporter", "list", "--json").json] == [0.5]
    assert "postmaster" in blacklist("group", "list").out
    assert "partners" in blacklist("reporter", "list").out
    said = blacklist("reporter", "add", "ann", "--group", "nobody")
    assert said.status == 64
    assert said.err == "responder: there is no group 'nobody'; there are host, partners, person, postmaster\n"


def test_scoring_anew_applies_new_weights(blacklist: Blacklist) -> None:
    blacklist.have_listed(HE)
    blacklist("group", "set", "person", "0")

    done = blacklist("score", "--json").json

    assert done == {"subjects": 1, "changed": 1, "forgotten": 0, "audit": 0}
    assert blacklist("show", HE).status == 1
    assert "0 listings changed" in blacklist("score").out


def test_proposals_are_accepted_or_rejected(blacklist: Blacklist) -> None:
    """All that are named, or none where one of them does not wait."""
    blacklist("reporter", "add", "ann", "--group", "person")
    engine = database.connect(blacklist.url)
    with databases.transaction(engine) as connection:
        batch = [Report(subject.parse(f"45.10.20.{n}"), "ann", 1.7e9, "spam", "seen") for n in range(3)]
        proposals.propose(connection, batch, 1.7e9, actor="parser")
    engine.dispose()

    assert [one["number"] for one in blacklist("proposals", "--json").json] == [1, 2, 3]
    assert blacklist("proposals", "accept", "1", "9").status == 64
    assert blacklist("proposals", "accept", "1", "2").out == "2 accepted\n"
    assert blacklist("proposals", "reject", "3").out == "1 rejected\n"
    assert blacklist("proposals", "--json").json == []
    assert len(blacklist("show", "45.10.20.1", "--json").json["reports"]) == 1


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("show", "nonsense"), 2, "is nothing that can be listed; write an address"),
        (("report", HE), 2, "--reporter"),
        (("report", HE, "--reporter", "zoe"), 64, "no such reporter; say `responder blacklist reporter add zoe"),
        (("report", HE, "--reporter", "zoe", "--day", "2999-01-01"), 64, "is yet to come"),
        (("vote", HE, "--reporter", "zoe"), 2, "either --for or --against"),
        (("vote", HE, "--reporter", "zoe", "--for", "--against"), 2, "either --for or --against"),
        (("request-removal", HE, "--by", "Pat"), 64, "is not listed"),
        (("group", "set", "host", "1001"), 2, "0<=x<=1000"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_what_cannot_be_done_says_why(blacklist: Blacklist, words: tuple[str, ...], status: int, why: str) -> None:
    said = blacklist(*words)

    assert said.status == status
    assert why in said.err
    assert "Traceback" not in said.err


def test_without_a_url_there_is_no_blacklist(responder: Command) -> None:
    said = responder("blacklist", "list")

    assert said.status == 78
    assert "blacklist.url: is not set; add url = " in said.err


def test_a_database_that_is_not_there_is_status_74(responder: Command) -> None:
    responder.configure('[blacklist]\nurl = "sqlite:////no/such/folder/blacklist.db"\n')

    assert responder("blacklist", "list").status == 74


def test_every_command_has_help(blacklist: Blacklist) -> None:
    """With its purpose on the first line."""
    for word in blacklist("--help").out.partition("Commands:")[2].split("\n"):
        if word.strip() and word.startswith("  ") and not word.startswith("   "):
            said = blacklist(word.split()[0], "--help")
            assert said.status == 0
            assert said.out.startswith(f"Usage: responder blacklist {word.split()[0]}")
