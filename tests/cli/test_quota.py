"""``responder quota``: what administrators see of quotas, and what they change."""

import time
from collections.abc import Iterator

import pytest

from responder.cli.sending import is_sender, of_client
from responder.quota.counters import Batch, Counters, encode
from responder.quota.standing import Suspension
from tests.cli.command import Command

SETTINGS = """
[[quota]]
key    = "sender-domain"
limits = ["20 messages per 1m", "200 MB per 1d"]
warn   = [50, 90]

[[quota]]
key    = "client"
limits = ["100 messages per 1h"]
"""


@pytest.fixture
def counters(responder: Command) -> Iterator[Counters]:
    """Keep the books that `responder` reads, with what two domains and a client sent."""
    responder.configure(SETTINGS)
    (responder.folder / "state").mkdir()
    made = Counters.open(f"sqlite:///{responder.folder}/state/quota.db", "mx1", 1000)
    now = time.time()
    minute, hour, day = int(now), int(now * 60 // 3600), int(now * 60 // 86400)
    shop = [["messages", 60.0, [minute, 20]], ["bytes", 86400.0, [day, 50_000_000]]]
    rows = [
        encode("sender-domain", "shop.example", shop, now + 9999),
        encode("sender-domain", "calm.example", [["messages", 60.0, [minute, 2]]], now + 9999),
        encode("client", "192.0.2.7", [["messages", 3600.0, [hour, 50]]], now + 9999),
    ]
    made.exchange(Batch(rows), 0)
    yield made
    made.close()


def test_top_lists_the_fullest_first(responder: Command, counters: Counters) -> None:
    """For a span, where one is named."""
    listed = responder("quota", "top", "--json").json
    hourly = responder("quota", "top", "--window", "1h").out

    assert [(one["key"], one["limit"], one["percent"]) for one in listed] == [
        ("shop.example", "20 messages per 1m", 100),
        ("192.0.2.7", "100 messages per 1h", 50),
        ("shop.example", "200 MB per 1d", 25),
        ("calm.example", "20 messages per 1m", 10),
    ]
    assert "192.0.2.7" in hourly
    assert "shop.example" not in hourly


def test_show_tells_all_about_one(responder: Command, counters: Counters) -> None:
    """However his name is written; of nobody it says so."""
    responder("quota", "set", "Shop.Example", "5000 messages per 1d", "30 messages per 1m", "--quota", "sender-domain")
    responder("quota", "suspend", "@shop.example", "--for", "1h", "--reason", "a newsletter")
    said = responder("quota", "show", "SHOP.example")

    assert said.status == 0
    for part in ("shop.example is suspended until 20", "a newsletter", "5000 messages per 1d", "30 messages per 1m"):
        assert part in said.out
    assert responder("quota", "show", "nobody.example").status == 1


def test_what_is_set_is_undone_by_default(responder: Command, counters: Counters) -> None:
    assert responder("quota", "set", "shop.example", "unlimited").out == "shop.example: unlimited\n"
    assert [one["limits"] for one in responder("quota", "show", "shop.example", "--json").json["overrides"]] == [
        ["unlimited"]
    ]
    assert responder("quota", "set", "shop.example", "default", "--json").json["limits"] == ["default"]
    assert responder("quota", "show", "shop.example", "--json").json["overrides"] == []


def test_who_is_suspended_is_resumed(responder: Command, counters: Counters) -> None:
    """Whatever suspended him; who was not is told apart."""
    assert responder("quota", "suspend", "bob").out == "bob is suspended until resumed\n"
    assert responder("quota", "show", "bob", "--json").json["suspensions"][0]["until"] is None
    assert responder("quota", "resume", "bob").out == "bob may send again\n"
    assert responder("quota", "resume", "bob") == (1, "bob was not suspended\n", "")


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("set", "x", "5 letters per 1d"), 64, "is no limit"),
        (("set", "x", "blocked", "5 messages per 1d"), 64, "one or the other"),
        (("set", "x", "blocked", "--quota", "nosuch"), 64, "there are sender-domain, client"),
        (("set", "x"), 2, "Missing argument"),
        (("suspend", "x", "--for", "ever"), 2, "no duration"),
        (("top", "--window", "ever"), 2, "no duration"),
    ],
)
def test_wrong_words_change_nothing(
    responder: Command, counters: Counters, words: tuple[str, ...], status: int, complaint: str
) -> None:
    said = responder("quota", *words)

    assert (said.status, said.out) == (status, "")
    assert complaint in said.err
    assert responder("quota", "show", "x").status == 1


def test_a_database_that_is_not_there_is_status_74(responder: Command) -> None:
    responder.configure('[policyd]\ndatabase = "sqlite:////dev/null/quota.db"\n')

    assert responder("quota", "top").status == 74


def test_explain_tells_a_sender_what_he_and_his_domain_used(responder: Command, counters: Counters) -> None:
    """Warned, refused, suspended and by whom; without a daemon.  Of nobody it says so."""
    now = time.time()
    shop = [["messages", 60.0, [int(now), 20]], ["refusals", 3600.0, [int(now * 60 // 3600), 4]]]
    suspension = Suspension("sender-domain", "shop.example", now, now + 9999, "refused 10 times in 1h", "quota")
    counters.exchange(Batch([encode("sender-domain", "shop.example", shop, now + 9999)], [suspension]), 0)
    responder("quota", "suspend", "news@shop.example", "--reason", "a newsletter")

    said = responder("explain", "News@Shop.example")
    nobody = responder("explain", "bob")

    assert said.status == 0
    assert "news@shop.example is suspended until resumed: a newsletter" in said.out
    assert "shop.example is suspended under sender-domain" in said.out
    assert "by its quota" in said.out
    assert "4 messages refused under sender-domain in the last 1h" in said.out
    assert responder("explain", "shop.example", "--json").json["quota"][0]["used"][0]["warned"] == 90
    assert (nobody.status, nobody.out) == (1, "bob: no quota knows it\n")


@pytest.mark.parametrize(
    "text", ["192.0.2.7", "192.0.2.0/24", "2001:db8::1", "fe80::1%eth0", "127.1", "::ffff:192.0.2.7", ""]
)
def test_an_address_however_mistyped_is_no_sender(text: str) -> None:
    assert not is_sender(text)


def test_what_a_client_used_stands_beside_its_bans(responder: Command, counters: Counters) -> None:
    """And nothing does where no quota counts it."""
    assert of_client(responder.config, "192.0.2.8") is None

    found = of_client(responder.config, "192.0.2.7")

    assert found
    assert [(one["quota"], one["used"]) for one in found["used"]] == [("client", 50)]


def test_check_shows_the_quotas(responder: Command) -> None:
    responder.configure("source = []\n" + SETTINGS)

    said = responder("check").out.splitlines()

    assert any(line.split()[:3] == ["sender-domain", "sender-domain", "any"] for line in said)
    assert any("20 messages per 1m, 200 MB per 1d" in line for line in said)


def test_quotas_that_cannot_be_asked_do_not_hide_bans(responder: Command) -> None:
    """Whoever explains an address is told why, and all the rest."""
    responder.configure(SETTINGS)
    (responder.folder / "state").mkdir()
    (responder.folder / "state/quota.db").write_text("this is no database" * 1000)

    found = of_client(responder.config, "192.0.2.7")

    assert found
    assert "file is not a database" in found["error"]
