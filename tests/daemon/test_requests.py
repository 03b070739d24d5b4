"""Whatever is asked at the control socket, the answer is an object and the daemon goes on."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.daemon.engine import Engine

SEVEN = "203.0.113.7"

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
        st.sampled_from([SEVEN, "203.0.113.0/24", "2001:db8::/32", "1h", "\udcff", "fe80::1%eth0"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=4,
)  # fmt: skip
_VERBS = ("ping", "status", "bans", "ban", "adopt", "unban", "explain", "flush")
_ADOPTED = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("address", "seconds", "reason"), _JSON)), max_size=3
)
_REQUESTS = st.fixed_dictionaries(
    {"do": st.one_of(st.sampled_from(_VERBS), _JSON)},
    optional=dict.fromkeys(("address", "seconds", "reason", "by", "most"), _JSON)
    | {"bans": st.one_of(_ADOPTED, _JSON)},
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("engine")).running() as engine:
        engine.settle()
        yield engine


@given(request=_REQUESTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_request_ends_the_daemon(running: Engine, request: dict[str, Any]) -> None:
    """Any JSON in any place is answered, with an error where it makes no sense; the store stays able to commit."""
    words = {key: value for key, value in request.items() if key != "do"}

    answer = running.ask(request["do"], **words)

    assert isinstance(answer, dict)
    running.turn()
    assert running.daemon.commit()
    assert running.daemon.ledger.trouble == ""


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"do": "dance"}, "an unknown request, 'dance'; known are ping, status, bans"),
        ({"do": "ban"}, "is no IPv4 or IPv6 address"),
        ({"do": "ban", "address": "mail.example.org"}, "'mail.example.org' is no IPv4 or IPv6 address"),
        ({"do": "ban", "address": SEVEN, "seconds": 0.5}, "a ban lasts from 1s to 3650d"),
        ({"do": "ban", "address": SEVEN, "seconds": 1e12}, "a ban lasts from 1s to 3650d"),
        ({"do": "ban", "address": SEVEN, "seconds": math.nan}, "a ban lasts from 1s to 3650d"),
        ({"do": "ban", "address": SEVEN, "seconds": [1]}, "seconds is [1]; write a number"),
        ({"do": "ban", "address": "127.0.0.1"}, "127.0.0.1 is on the allowlist (127.0.0.0/8: loopback)"),
        ({"do": "adopt", "bans": [1]}, "bans must be a list of at most 1000 objects"),
        ({"do": "adopt", "bans": [{}] * 1001}, "bans must be a list of at most 1000 objects"),
        ({"do": "explain", "address": SEVEN, "most": {}}, None),
        ({"do": "explain", "address": SEVEN, "most": "many"}, "most is 'many'; write a number"),
        ({"do": "explain", "address": "fe80::1%eth0"}, "zone id"),
    ],
)
def test_a_refusal_says_what_would_be_right(running: Engine, words: dict[str, Any], error: str | None) -> None:
    """In words for a person."""
    answer = running.ask(**words)

    assert (error in answer["error"]) if error else ("error" not in answer)


def test_a_reason_that_is_no_text_is_kept_as_well_as_can_be(tmp_path: Path) -> None:
    """A word of the command line in another encoding must not stop the store for good."""
    with Engine(tmp_path).running() as engine:
        engine.settle()
        answer = engine.ask("ban", address=SEVEN, reason="caf\udce9 " + "x" * 1000)
        assert answer["stored"]
        assert answer["enforced"]

        (ban,) = engine.ask("bans")["bans"]
        assert ban["reason"].startswith("caf? x")
        assert len(ban["reason"]) == 500


def test_bans_are_taken_over_that_can_be_and_the_others_told(tmp_path: Path) -> None:
    """None is made shorter, none of the allowlist is banned, and a reason that is no text can be stored."""
    with Engine(tmp_path).running() as engine:
        engine.settle()
        engine.ask("ban", address="203.0.113.9", seconds=6000)
        bans = [
            {"address": SEVEN, "seconds": 600, "reason": "caf\udce9"},
            {"address": "203.0.113.9", "seconds": 600, "reason": "x"},
            {"address": "127.0.0.1", "seconds": 600, "reason": "x"},
            {"address": "koko", "seconds": 600},
            {"address": "203.0.113.10", "seconds": -1},
        ]

        answer = engine.ask("adopt", bans=bans)

        assert (answer["banned"], answer["longer"], answer["stored"], answer["enforced"]) == (1, 1, True, True)
        assert [one["address"] for one in answer["refused"]] == ["127.0.0.1", "koko", "203.0.113.10"]
        assert engine.held() == {SEVEN, "203.0.113.9"}
        reasons = {ban["prefix"]: ban["reason"] for ban in engine.ask("bans")["bans"]}
        assert reasons[SEVEN] == "caf?"


def test_a_ban_by_hand_is_stored_enforced_listed_and_explained(tmp_path: Path) -> None:
    """And names the allow-listed inside it, who stay allowed."""
    engine = Engine(tmp_path, '[allow]\nnetworks = ["203.0.113.8"]\n')
    with engine.running():
        engine.settle()
        answer = engine.ask("ban", address="203.0.113.99/24", seconds=600, reason="abuse")

        assert answer["prefix"] == "203.0.113.0/24"
        assert answer["still_allowed"] == ["203.0.113.8"]
        assert (answer["stored"], answer["enforced"], answer["reason"]) == (True, True, "abuse")
        assert engine.held() == {"203.0.113.0/24"}
        explained = engine.ask("explain", address=SEVEN)
        assert explained["in_force"][0]["policy"] == "manual"
        assert [row["prefix"] for row in explained["kernel"]] == ["203.0.113.0/24"]
        assert engine.ask("explain", address="203.0.113.8")["allowed"]["why"] == "allow.networks in the settings"

        assert engine.ask("unban", address=SEVEN) == {
            "lifted": [],
            "note": "203.0.113.7 is not banned; it is inside 203.0.113.0/24, which is",
        }
        assert engine.ask("unban", address="203.0.113.0/24", by="ann")["lifted"][0]["prefix"] == "203.0.113.0/24"
        assert engine.held() == set()
        assert engine.ask("explain", address=SEVEN)["bans"][0]["state"].startswith("lifted by ann at ")
        assert engine.ask("unban", address=SEVEN)["note"] == "203.0.113.7 is not banned"


def test_explain_tells_how_close_an_address_is_and_on_what_evidence(tmp_path: Path) -> None:
    """Windows with their limits, offences with their lines, of an IPv6 host's whole network."""
    with Engine(tmp_path).running() as engine:
        engine.write("2001:db8::7", 1)
        engine.write("2001:db8::8", 1)
        engine.settle()

        explained = engine.ask("explain", address="2001:db8::9")

        assert [(window["policy"], window["hits"], window["limit"]) for window in explained["windows"]] == [
            ("login", 2, 3)
        ]
        assert [one["address"] for one in explained["offences"]] == ["2001:db8::7", "2001:db8::8"]
        assert "Failed password for root from 2001:db8::7" in explained["offences"][0]["line"]
        assert explained["offences"][0]["effect"] == "counted"


def test_a_flush_frees_everybody_for_good(tmp_path: Path) -> None:
    """Kernel, store and memory: nothing comes back with the next start, and the next offender is banned again."""
    engine = Engine(tmp_path)
    with engine.running():
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.ask("ban", address="2001:db8::/32")
        assert engine.ask("flush") == {"lifted": 2, "firewall_error": ""}
        assert engine.bans() == engine.held() == set()
        engine.write(SEVEN, 3)
        engine.until(engine.bans)
        engine.settle()
        assert engine.held() == {SEVEN}
        engine.ask("flush")
    with engine.running():
        engine.settle()
        assert engine.bans() == engine.held() == set()


def test_without_an_actor_a_ban_by_hand_says_that_it_waits(tmp_path: Path) -> None:
    """It is stored, enforced as soon as there is an actor, and the status says what is wrong until then."""
    engine = Engine(tmp_path)
    engine.file.write_text(engine.file.read_text().replace("[firewall]", f'[firewall]\nsocket = "{tmp_path}/x.sock"'))
    with engine.running():
        engine.turn()
        answer = engine.ask("ban", address=SEVEN)
        assert (answer["stored"], answer["enforced"]) == (True, False)
        assert "cannot be reached" in answer["firewall_error"]
        assert "cannot be reached" in engine.ask("status")["firewall"]["error"]
        explained = engine.ask("explain", address=SEVEN)
        assert explained["kernel"] is None
        assert "cannot be reached" in explained["kernel_error"]
        assert "cannot be reached" in engine.ask("flush")["firewall_error"]
