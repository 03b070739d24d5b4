"""Active responses: each carried out once, in order; a delete lifts what its alert banned and nothing else."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.daemon.responses import parse
from responder.errors import UsageError
from responder.framing import Message
from tests.daemon.engine import Engine

NINE, TEN = "203.0.113.9", "203.0.113.10"


def token(number: int) -> str:
    """Return the token of a request made *number* milliseconds after an hour ago."""
    return f"{time.time_ns() // 10**12 * 10**12 - 3600 * 10**9 + number * 10**6:020d}-42-0123abcd"


def a_request(number: int, action: str = "add", address: str = NINE, alert: str = "1.1", **more: str) -> Message:
    texts = {"rule": "5716", "user": "bob", "location": "/var/log/auth.log", "by": "ossec"}
    return {"token": token(number), "action": action, "address": address, "alert": alert, **texts, **more}


def respond(engine: Engine, number: int, action: str = "add", address: str = NINE, alert: str = "1.1") -> str:
    return str(engine.ask("respond", **a_request(number, action, address, alert))["did"])


def leave(engine: Engine, request: Message) -> Path:
    """Leave *request* in the spool folder as responder-ar does."""
    spool = engine.state / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    path = spool / f"{request['token']}.json"
    path.write_text(json.dumps({"do": "respond", **request}))
    return path


def ends(engine: Engine, address: str = NINE) -> list[tuple[str, int]]:
    """Return the bans in force of *address*: the policy, and when each ends, in minutes from now."""
    found = engine.ask("explain", address=address)["in_force"]
    now = engine.clock()
    return [(one["policy"], round((datetime.fromisoformat(one["expires"]).timestamp() - now) / 60)) for one in found]


def test_an_add_bans_as_the_policy_says_and_tells_why(engine: Engine) -> None:
    """Who asked, because of which rule, whose login, in which log."""
    with engine.running():
        answer = engine.ask("respond", **a_request(1))

        assert (answer["did"], answer["stored"], answer["enforced"]) == ("banned", True, True)
        assert "203.0.113.9 is banned for 1h, until 20" in answer["said"]
        explained = engine.ask("explain", address=NINE)
        (ban,) = explained["in_force"]
        assert ban["reason"] == ("ossec rule 5716, alert 1.1, user bob, in /var/log/auth.log; policy active-response")
        assert (ban["rule"], ban["policy"]) == ("alert 1.1", "active-response")
        assert explained["offences"][0]["line"].startswith("active response: add, ossec rule 5716")
        engine.settle()
        assert engine.held() == {NINE}


def test_who_returns_is_banned_longer_and_who_is_told_of_twice_is_not(engine: Engine) -> None:
    """Two alerts about one attack are one visit."""
    with engine.running():
        assert respond(engine, 1) == "banned"
        assert respond(engine, 2, alert="1.2") == "banned"
        assert {one["nth"] for one in engine.ask("explain", address=NINE)["bans"]} == {1}
        assert respond(engine, 3, "delete") == "lifted"
        assert respond(engine, 4, "delete", alert="1.2") == "lifted"
        assert ends(engine) == []
        assert respond(engine, 5, alert="1.3") == "banned"
        assert ends(engine) == [("active-response", 240)]


def test_a_delete_lifts_what_its_alert_banned_and_nothing_else(engine: Engine) -> None:
    """Neither another alert's ban, nor an administrator's, nor a policy's."""
    with engine.running():
        assert respond(engine, 1) == "banned"
        assert respond(engine, 2, alert="1.2") == "banned"
        assert respond(engine, 3, "delete") == "lifted"
        assert ends(engine) == [("active-response", 60)]
        engine.ask("ban", address=NINE, seconds=7200)
        assert respond(engine, 4, "delete", alert="1.2") == "lifted"
        assert ends(engine) == [("manual", 120)]
        assert respond(engine, 5, "delete", alert="1.2") == "nothing to lift"
        assert respond(engine, 6, "delete", address=TEN) == "nothing to lift"
        engine.settle()
        assert engine.held() == {NINE}


@pytest.mark.parametrize("restart", [False, True])
def test_a_shorter_ban_is_in_force_again_when_the_longer_one_is_lifted(engine: Engine, *, restart: bool) -> None:
    """In memory, in the kernel, in the store, and after a restart."""
    with engine.running():
        engine.ask("ban", address=NINE, seconds=600)
        respond(engine, 1)
        respond(engine, 2, alert="1.2")
        assert ends(engine) == [("active-response", 60)]
        if not restart:
            respond(engine, 3, "delete")
            respond(engine, 4, "delete", alert="1.2")
            held = engine.ask("held")["held"][0]["expires"]
            assert round((datetime.fromisoformat(held).timestamp() - engine.clock()) / 60) == 10
            assert ends(engine) == [("manual", 10)]
    with engine.running():
        if restart:
            respond(engine, 3, "delete")
            respond(engine, 4, "delete", alert="1.2")
        engine.settle()
        assert ends(engine) == [("manual", 10)]
        states = [past["state"] for past in engine.ask("explain", address=NINE)["bans"]]
        assert states[0] == "in force"
        assert all(state.startswith("lifted by ossec, alert 1.") for state in states[1:])


def test_a_lifted_ban_forgives_no_window_of_others(engine: Engine) -> None:
    """Two failed logins before it still count after it, across a restart."""
    with engine.running():
        engine.write(NINE, 2)
        engine.settle()
        respond(engine, 1)
        respond(engine, 2, "delete")
    with engine.running():
        engine.settle()
        engine.write(NINE, 1)
        engine.until(lambda: ends(engine) == [("login", 60)])


def test_the_allowlist_stands_before_it(engine: Engine) -> None:
    """Whatever OSSEC says."""
    engine.configure(f'[allow]\nnetworks = ["{NINE}"]\n')
    with engine.running():
        answer = engine.ask("respond", **a_request(1))

        assert answer["did"] == "refused"
        assert "allowlist" in answer["said"]
        assert engine.bans() == set()


def test_a_policy_may_ask_for_more_than_one(engine: Engine) -> None:
    """It is a policy like any other."""
    engine.configure("[policy.active-response]\nlimit = 2\n")
    with engine.running():
        assert [respond(engine, 1), respond(engine, 2, alert="1.2")] == ["counted", "banned"]


def test_what_waits_in_the_spool_is_carried_out_at_the_start_and_while_running(engine: Engine) -> None:
    """In order, and the files are gone afterwards."""
    leave(engine, a_request(2, "delete"))
    leave(engine, a_request(1))
    leave(engine, a_request(3, alert="1.3", address=TEN))
    with engine.running():
        engine.until(lambda: engine.bans() == {TEN})
        later = leave(engine, a_request(9))
        engine.until(lambda: not later.exists())
        assert engine.bans() == {NINE, TEN}
        assert list((engine.state / "spool").iterdir()) == []


def test_what_waits_comes_before_what_was_asked_later(engine: Engine) -> None:
    """A delete at the socket does not overtake the add that is still in the spool."""
    with engine.running():
        engine.settle()
        leave(engine, a_request(1))
        assert respond(engine, 2, "delete") == "lifted"
        engine.settle()
        assert engine.bans() == set()


def test_an_add_that_comes_after_its_delete_is_out_of_date(engine: Engine) -> None:
    """The script that made it was slow; across a restart too."""
    with engine.running():
        assert respond(engine, 5, "delete") == "nothing to lift"
        assert respond(engine, 4) == "outdated"
        assert respond(engine, 7, alert="1.2") == "banned"
    with engine.running():
        assert respond(engine, 3) == "outdated"
        assert respond(engine, 6) == "banned"


@pytest.mark.parametrize("restart", [False, True])
def test_nothing_is_carried_out_twice(engine: Engine, *, restart: bool) -> None:
    """A request whose answer was lost is handed in again, at the socket or in the spool."""
    with engine.running():
        assert respond(engine, 1) == "banned"
        engine.ask("unban", address=NINE)
        if not restart:
            assert respond(engine, 1) == "done before"
    with engine.running():
        again = leave(engine, a_request(1))
        engine.until(lambda: not again.exists())
        assert respond(engine, 1) == "done before"
        assert engine.bans() == set()


def test_while_the_store_fails_the_spool_keeps_what_is_asked(engine: Engine) -> None:
    """It is enforced at once, said not to be stored, and stays in the spool until it is."""
    with engine.running():
        engine.settle()
        waiting = leave(engine, a_request(1))
        with engine.store_broken():
            assert not engine.ask("respond", **a_request(2, address=TEN))["stored"]
            assert engine.bans() == {NINE, TEN}
            engine.turn()
            assert waiting.exists()
        engine.until(lambda: not waiting.exists())
        engine.settle()
    with engine.running():
        assert engine.bans() == {NINE, TEN}


def test_what_was_carried_out_long_ago_is_forgotten(engine: Engine) -> None:
    """Neither memory nor store grows for ever."""
    with engine.running():
        respond(engine, 1)
        assert engine.rows("SELECT count(*) FROM responses") == [(1,)]
    with engine.running(ahead=8 * 86400.0):
        engine.until(lambda: engine.rows("SELECT count(*) FROM responses") == [(0,)])
        assert not engine.daemon.responses._handled


def test_a_damaged_store_does_not_keep_the_daemon_from_starting(engine: Engine) -> None:
    """Nor does it cost a ban; the table of what was carried out is no exception."""
    with engine.running():
        respond(engine, 1)
    engine.execute("UPDATE responses SET network = 7")
    with engine.running():
        engine.settle()
        assert engine.bans() == {NINE}
        assert respond(engine, 2, alert="1.2") == "banned"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"token": "x"}, "token is 'x'"),
        ({"action": "flush"}, "action is 'flush'; it is add or delete"),
        ({"address": "127.1"}, "address is '127.1'; it is an IPv4 or IPv6 address"),
        ({"address": "203.0.113.0/24"}, "address is"),
        ({"address": "fe80::1%eth0"}, "address is"),
        ({"address": "host.example.org"}, "address is"),
        ({"alert": "1.1\n"}, "alert is"),
        ({"rule": "x" * 300}, "rule is"),
        ({"user": 7}, "user is 7"),
        ({"by": "me"}, "by is 'me'"),
    ],
)
def test_what_makes_no_sense_is_refused(engine: Engine, more: dict[str, Any], what: str) -> None:
    """At the socket with an error, in the spool by putting it aside; what comes after goes on."""
    with engine.running():
        assert what in engine.ask("respond", **{**a_request(1), **more})["error"]
        if "token" not in more:
            path = leave(engine, {**a_request(2), **more})
            leave(engine, a_request(3, address=TEN))
            engine.until(lambda: engine.bans() == {TEN})
            assert (path.parent / "bad" / path.name).exists()


@given(st.dictionaries(st.sampled_from([*a_request(1)]), st.text(max_size=300) | st.none() | st.integers()))
def test_any_request_is_one_or_is_refused(more: dict[str, Any]) -> None:
    """Nothing else is raised, and what is kept can be stored."""
    try:
        response = parse({**a_request(1), **more})
    except UsageError:
        return
    response.why.encode()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "delete"]), st.sampled_from(["1.1", "1.2"]), st.sampled_from(["socket", "spool"])
    ),
    max_size=10,
)


@given(_STEPS, st.sets(st.integers(0, 9), max_size=2))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_in_the_end_the_last_word_on_each_alert_stands(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]], restarts: set[int]
) -> None:
    """Whichever way each came, and across restarts: banned while some alert's last word is add."""
    engine = Engine(tmp_path_factory.mktemp("engine"))
    last: dict[str, str] = {}
    context = engine.running()
    context.__enter__()
    try:
        for number, (action, alert, way) in enumerate(steps):
            if number in restarts:
                context.__exit__(None, None, None)
                context = engine.running()
                context.__enter__()
            request = a_request(number, action, alert=alert)
            last[alert] = action
            if way == "spool":
                leave(engine, request)
            else:
                engine.ask("respond", **request)
        engine.until(lambda: not any((engine.state / "spool").iterdir()))
        engine.settle()
        banned = "add" in last.values()
        assert engine.bans() == ({NINE} if banned else set())
        assert engine.held() == engine.bans()
    finally:
        context.__exit__(None, None, None)
