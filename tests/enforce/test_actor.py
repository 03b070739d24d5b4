"""The actor as a process: it does what it is told, one transaction at a time, and nothing on a malformed word."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from responder.enforce.actor import Actor as Served
from responder.enforce.dryrun import DryRun
from responder.errors import FirewallError
from responder.framing import encode
from responder.notify import Notify, Pulse
from tests.enforce.actors import Actor
from tests.enforce.namespace import nft
from tests.enforce.opened import held_by, opened
from tests.enforce.targets import HOUR, at, lasting, now

SEVEN, EIGHT, NET = [*at("192.0.2.7").prefix], [*at("192.0.2.8").prefix], [*at("192.0.2.0/24").prefix]


@pytest.fixture
def actor() -> Iterator[Actor]:
    with Actor("dry-run") as made:
        assert made.answer() == {"id": 0, "backend": "dry-run", "why": "nothing is enforced", "error": ""}
        yield made


def held(actor: Actor) -> dict[tuple[int, int, str], int]:
    answer, rows = actor.ask(do="held"), []
    while "part" in answer:
        rows += answer["part"]
        answer = actor.answer()
    assert answer["error"] == ""
    return {(row[0], row[1], row[2]): round((row[3] - now()) / HOUR) for row in (*rows, *answer["held"])}


def ban(prefix: list[int], hours: float, scope: str = "drop") -> list[object]:
    return [*prefix, scope, now() + hours * HOUR]


def test_every_request_is_answered_with_its_number(actor: Actor) -> None:
    """Ban, ask, lift, sync and flush over the socket, each with what it came to."""
    assert actor.ask(id=7, do="apply", ban=[ban(SEVEN, 5), ban(NET, 2)], lift=[]) == {
        "id": 7,
        "applied": 2,
        "error": "",
    }
    assert held(actor) == {(*SEVEN, "drop"): 5, (*NET, "drop"): 2}
    assert len(actor.ask(do="holds", prefix=SEVEN)["held"]) == 2
    assert actor.ask(do="apply", lift=[[*NET, "drop"]])["applied"] == 1
    assert held(actor) == {(*SEVEN, "drop"): 5}
    assert actor.ask(do="sync", wanted=[ban(NET, 3, "reject:25")], never=[SEVEN])["applied"] == 1
    assert held(actor) == {(*NET, "reject:25"): 3}
    assert actor.ask(id=9, do="flush") == {"id": 9, "applied": 1, "error": ""}
    assert held(actor) == {}
    assert actor.hang_up() == 0
    assert actor.complained() == ""


def test_requests_that_wait_together_are_folded_and_the_last_word_wins(actor: Actor) -> None:
    """Each is answered all the same, in order."""
    requests = [
        {"id": 1, "do": "apply", "ban": [ban(SEVEN, 5), ban(NET, 5)], "lift": []},
        {"id": 2, "do": "apply", "ban": [], "lift": [[*SEVEN, "drop"]]},
        {"id": 3, "do": "apply", "ban": [ban(NET, 9)], "lift": []},
        {"id": 4, "do": "held"},
    ]
    actor.send(b"".join(map(encode, requests)))

    answers = [actor.answer() for _ in requests]

    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert [answer["applied"] for answer in answers[:3]] == [2, 1, 1]
    assert [row[:3] for row in answers[3]["held"]] == [[*NET, "drop"]]
    assert held(actor) == {(*NET, "drop"): 9}


def test_a_ban_after_a_lift_in_one_request_stays(actor: Actor) -> None:
    """Within a request lifts come first: a ban that is renewed is lifted and made again."""
    actor.ask(do="apply", ban=[ban(SEVEN, 1)])
    actor.ask(do="apply", ban=[ban(SEVEN, 4)], lift=[[*SEVEN, "drop"]])

    assert held(actor) == {(*SEVEN, "drop"): 4}


def test_a_request_may_come_in_any_pieces(actor: Actor) -> None:
    """A line is a request, however the socket cuts it."""
    line = encode({"id": 5, "do": "apply", "ban": [ban(SEVEN, 5)]})
    for number in range(len(line)):
        actor.send(line[number : number + 1])

    assert actor.answer() == {"id": 5, "applied": 1, "error": ""}


def test_ten_thousand_bans_come_in_one_message(actor: Actor) -> None:
    """And go into the firewall as one change."""
    bans = [ban([*at(f"198.18.{n >> 8}.{n & 255}").prefix], 2) for n in range(10_000)]

    assert actor.ask(do="apply", ban=bans)["applied"] == 10_000
    assert len(held(actor)) == 10_000


def test_a_sync_may_be_told_in_pieces(actor: Actor) -> None:
    """The last word on a prefix wins, and the next sync begins from nothing."""
    actor.ask(do="apply", ban=[ban(EIGHT, 1)])
    actor.send(encode({"id": 0, "do": "want", "wanted": [ban(SEVEN, 5), ban(NET, 2)]}))
    assert held(actor) == {(*EIGHT, "drop"): 1}, "a piece changes nothing"

    actor.send(encode({"id": 0, "do": "want", "wanted": [ban(SEVEN, 7)]}))
    assert actor.ask(do="sync", wanted=[ban(NET, 3, "reject:25")], never=[])["applied"] == 3
    assert held(actor) == {(*SEVEN, "drop"): 7, (*NET, "drop"): 2, (*NET, "reject:25"): 3}

    assert actor.ask(do="sync", wanted=[ban(EIGHT, 4)], never=[])["applied"] == 1
    assert held(actor) == {(*EIGHT, "drop"): 4}


MALFORMED: list[object] = [
    b"\xff\xfe\n",
    b"[1, 2]\n",
    b"{}\n",
    b"[" * 100_000 + b"\n",
    {"do": "apply"} | {"id": "one"},
    {"do": "dance"},
    {"do": ["apply"]},
    {"do": "apply", "ban": "192.0.2.7"},
    {"do": "apply", "ban": 5},
    {"do": "apply", "ban": [[1, 2]]},
    {"do": "apply", "ban": [["192.0.2.7", 128, "drop", 4e9]]},
    {"do": "apply", "ban": [[*SEVEN, "drop; add table inet evil", 4e9]]},
    {"do": "apply", "ban": [[*SEVEN, "accept", 4e9]]},
    {"do": "apply", "ban": [[*SEVEN, ["drop"], 4e9]]},
    {"do": "apply", "ban": [[*SEVEN, "drop:x", 4e9]]},
    {"do": "apply", "ban": [[*SEVEN, "drop", "4e9; flush ruleset"]]},
    {"do": "apply", "ban": [[*SEVEN, "drop", float("inf")]]},
    {"do": "apply", "ban": [[*SEVEN, "drop", float("nan")]]},
    {"do": "apply", "ban": [[SEVEN[0], 96, "drop", 4e9]]},
    {"do": "apply", "ban": [[1 << 128, 128, "drop", 4e9]]},
    {"do": "apply", "ban": [[-1, 128, "drop", 4e9]]},
    {"do": "apply", "ban": [[SEVEN[0], 129, "drop", 4e9]]},
    {"do": "apply", "ban": [[float(SEVEN[0]), 128, "drop", 4e9]]},
    {"do": "apply", "lift": [[*SEVEN]]},
    {"do": "want"},
    {"do": "want", "wanted": [[*SEVEN, "accept", 4e9]]},
    {"do": "sync"},
    {"do": "sync", "wanted": [], "never": [[1]]},
    {"do": "sync", "wanted": None, "never": []},
    {"do": "holds"},
    {"do": "holds", "prefix": 7},
]


@pytest.mark.parametrize("request_", MALFORMED, ids=lambda one: repr(one)[:60])
def test_a_malformed_request_ends_the_actor_and_changes_nothing(actor: Actor, request_: object) -> None:
    """Even beside a sound one in the same breath; the daemon is told why before the line goes dead."""
    sound = encode({"id": 1, "do": "apply", "ban": [ban(SEVEN, 5)]})
    line = request_ if isinstance(request_, bytes) else json.dumps({"id": 2} | dict(request_)).encode() + b"\n"  # type: ignore[call-overload]

    actor.send(sound + line)

    answers = [answer for _ in range(3) if (answer := actor.answer())]
    assert [answer["id"] for answer in answers if answer["error"]] == [0]
    assert actor.hang_up() == 0
    assert actor.complained() == ""


@pytest.mark.kernel
def test_a_malformed_request_leaves_the_kernel_as_it_was(network: None) -> None:
    """Nothing of a hostile batch reaches the rules, and those there are stay."""
    with Actor("nftables") as actor:
        actor.answer()
        actor.ask(do="sync", wanted=[ban(SEVEN, 5)], never=[])
        before = rules()

        actor.send(b'{"id": 2, "do": "sync", "wanted": [], "never": [["0.0.0.0/0; flush ruleset", 128]]}\n')

        assert actor.answer()["error"]
        assert actor.hang_up() == 0
        assert rules() == before


def rules() -> list[str]:
    return [line.partition(" expires")[0] for line in nft("list", "ruleset").splitlines()]


@pytest.mark.kernel
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, None], ids=["killed", "interrupted", "hung up on"])
def test_the_rules_stay_when_the_actor_goes_and_the_next_one_goes_on(network: None, how: signal.Signals | None) -> None:
    """However it ends; a sync makes the next one's idea true. An interrupt at the terminal does not end it."""
    with Actor("nftables") as actor:
        assert actor.answer()["backend"] == "nftables"
        actor.ask(do="sync", wanted=[ban(SEVEN, 5)], never=[])
        if how:
            os.kill(actor.process.pid, how)
        if how == signal.SIGINT:
            assert actor.ask(do="held")["held"]
    with opened("nftables") as reader:
        assert lasting(reader.held(now())) == {at("192.0.2.7"): 5}

    with Actor("nftables") as actor:
        actor.answer()
        actor.ask(do="sync", wanted=[ban(SEVEN, 3), ban(NET, 2)], never=[])
        with opened("nftables") as reader:
            assert lasting(reader.held(now())) == {at("192.0.2.7"): 3, at("192.0.2.0/24"): 2}


@pytest.mark.kernel
def test_what_the_kernel_refuses_is_answered_with_its_reason(network: None) -> None:
    """The actor goes on; the daemon learns what was not done."""
    with Actor("nftables") as actor:
        actor.answer()
        actor.ask(do="sync", wanted=[ban(SEVEN, 5)], never=[])

        answer = actor.ask(do="apply", ban=[ban(NET, 1e12)])

        assert answer["applied"] == 0
        assert answer["error"].startswith("nftables cannot ban for ")
        assert actor.ask(do="sync", wanted=[ban(NET, 5)], never=[]) == {"id": 1, "applied": 1, "error": ""}


@pytest.mark.kernel
def test_what_somebody_else_took_away_is_put_back_and_told(network: None) -> None:
    """Nobody has to ask: the actor says by itself what was missing, when it is back."""
    with Actor("nftables") as actor:
        actor.answer()
        actor.ask(do="sync", wanted=[ban(SEVEN, 5)], never=[])

        nft("flush ruleset")

        assert actor.answer() == {"id": 0, "mended": "table inet responder was gone", "error": ""}
        assert held_by("nftables", now()) == {"192.0.2.7"}


class Ailing(DryRun):
    """A firewall whose rules cannot be looked after while something is *wrong*."""

    wrong = ""

    def tend(self, now: float) -> str:
        if self.wrong:
            raise FirewallError(self.wrong)
        return super().tend(now)


def test_what_keeps_the_rules_from_being_looked_after_is_told_once_and_its_end_too() -> None:
    """However often it is tried; another daemon hears of it again."""
    backend = Ailing()
    actor = Served(backend, "", Pulse(Notify({})))
    assert list(actor._tend(now())) == []

    backend.wrong = "nftables refused: no"
    assert list(actor._tend(now())) == [{"id": 0, "mended": "", "error": "nftables refused: no"}]
    assert list(actor._tend(now() + 5)) == []
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, suppress(ConnectionError):
        actor.serve(ours)
    assert [news["error"] for news in actor._tend(now() + 10)] == ["nftables refused: no"]
    backend.wrong = ""
    assert list(actor._tend(now() + 15)) == [{"id": 0, "mended": "", "error": ""}]
    assert list(actor._tend(now() + 20)) == []


def test_what_ails_it_after_a_sync_is_told_again() -> None:
    """In the same words, too: the daemon thinks that the sync has mended it."""
    backend = Ailing()
    actor = Served(backend, "", Pulse(Notify({})))
    backend.wrong = "legacy iptables refused: no"
    assert len(list(actor._tend(now()))) == 1
    assert list(actor._tend(now() + 5)) == []

    list(actor._answers([{"id": 1, "do": "sync", "wanted": [], "never": []}]))

    assert [news["error"] for news in actor._tend(now() + 10)] == ["legacy iptables refused: no"]
    assert list(actor._tend(now() + 15)) == []


def test_who_asks_without_a_pause_does_not_keep_it_from_looking_after_the_rules() -> None:
    """The look comes first when it is due."""
    backend = Ailing()
    backend.wrong = "nftables refused: no"
    actor = Served(backend, "", Pulse(Notify({})))
    actor._knocks.due = now()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"{")
        assert [news["error"] for news in actor.tend_until(ours)] == ["nftables refused: no"]


def test_no_backend_of_another_name_is_taken() -> None:
    """The names that the command line offers are the ones there are."""
    with Actor("pf") as actor:
        assert actor.answer() == {}
        assert actor.hang_up() == 2
        assert "nftables" in actor.complained()
