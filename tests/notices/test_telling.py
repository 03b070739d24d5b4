"""Digests, troubles and limits: what is told is told once, and nothing is told too often."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.notices.couriers import Told
from responder.notices.digest import _MOST_NETWORKS, Digest
from responder.notices.notice import Notice, line
from responder.notices.watched import _CALM, Watched
from tests.notices.samples import EVIL, NOON, a_ban, a_notice, told

_KEYS = st.sampled_from("abc")


@given(st.lists(st.dictionaries(_KEYS, st.text(max_size=3), max_size=3), max_size=30))
def test_each_trouble_is_told_when_it_begins_and_when_it_is_over_by_turns(looks: list[Mapping[str, str]]) -> None:
    """Never twice the one, never the other first, and never one that is seen once alone."""
    watched, open_ = Watched(), set[str]()
    before: Mapping[str, str] = {}
    for found in looks:
        change = watched.look(found)
        assert not open_ & change.begun.keys()
        assert change.begun.keys() <= found.keys() & before.keys()
        assert change.over.keys() <= open_ - found.keys() - before.keys()
        open_ = open_ - change.over.keys() | change.begun.keys()
        before = found

    assert watched.look(before).begun.keys() | open_ >= before.keys()
    watched.look({})
    assert not watched.look({}).begun


def test_what_comes_and_goes_is_one_trouble() -> None:
    """It is over when it stayed away, and may then begin anew."""
    watched, trouble = Watched(), {"late": "the log is read late"}
    flapping = [watched.look(found) for _ in range(100) for found in (trouble, trouble, {}, {})]
    calm = [watched.look({}) for _ in range(_CALM)]
    anew = [watched.look(trouble) for _ in range(2)]

    assert [dict(change.begun) for change in flapping if change.begun] == [trouble]
    assert not any(change.over for change in flapping)
    assert [dict(change.over) for change in calm if change.over] == [trouble]
    assert anew[1].begun == trouble


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["login", "smtp"])), min_size=1, max_size=30))
def test_a_digest_tells_of_all_bans_by_network_and_policy(made: list[tuple[int, str]]) -> None:
    """When its time is over, once, and not before."""
    digest = Digest(600)
    for network, policy in made:
        digest.add(a_ban(f"192.0.{network}.7", policy=policy), NOON)

    assert digest.take(NOON + 599, "mx") is None
    notice = digest.take(NOON + 600, "mx")

    assert notice
    assert notice.facts["bans"] == len(made)
    assert notice.facts["policies"] == Counter(policy for _, policy in made)
    assert notice.facts["networks"] == Counter(f"192.0.{network}.0/24" for network, _ in made)
    assert digest.take(NOON + 9999, "mx") is None


def test_what_has_gathered_when_the_daemon_stops_is_told() -> None:
    """Of the time that it was; nothing where there was nothing."""
    digest = Digest(86_400)
    assert digest.take(NOON, "mx", last=True) is None
    digest.add(a_ban(), NOON)

    notice = digest.take(NOON + 5400, "mx", last=True)

    assert notice
    assert notice.title == "mx: 1 bans in 1h30m"
    assert digest.take(NOON + 5400, "mx", last=True) is None


def test_a_digest_of_ever_so_many_networks_is_bounded() -> None:
    """The others are counted together."""
    digest = Digest(600)
    for number in range(_MOST_NETWORKS + 500):
        digest.add(a_ban(f"{1 + number // 65536}.{number // 256 % 256}.{number % 256}.1"), NOON)

    notice = digest.take(NOON + 600, "mx")

    assert notice
    assert notice.facts["networks"]["others"] == 500
    assert len(notice.text) < 5000


def test_bans_beyond_so_many_an_hour_are_counted_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one policy alone where that is asked for."""
    one = Told(told(kind="exec", command=["/nowhere/x"], on=["ban"], per_hour=2, policies=["login"]))
    posted: list[Notice] = []
    monkeypatch.setattr(one.courier, "post", posted.append)
    for number in range(5):
        one.ban(a_ban(), NOON + number, "mx", lambda: ())
        one.ban(a_ban(policy="smtp"), NOON + number, "mx", lambda: ())
    one.ban(a_ban(), NOON + 3601, "mx", lambda: ())
    one.courier.close()

    assert len(posted) == 3
    assert "3 bans before this one were not told of" in posted[-1].text


@given(st.text())
def test_a_value_is_one_line_and_no_option(text: str) -> None:
    """Whatever was written into it."""
    value = a_notice(rule=text).value("rule")

    assert value.isprintable()
    assert not value.startswith("-")


def test_what_attackers_write_stays_on_its_line() -> None:
    """No line end, no NUL."""
    assert line(EVIL) == "$(touch /tmp/owned); `id`   Bcc: victim@example.org   -rf"
