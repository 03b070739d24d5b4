"""Bans of one prefix live side by side, and the one that lasts longest counts."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from responder.decide.banlist import BanList, longest
from responder.times import HOUR
from responder.values import Ban, Prefix, Scope
from tests.decide.values import NOON

SEVEN, EIGHT = Prefix.parse("192.0.2.7"), Prefix.parse("192.0.2.8")


def a_ban(hours: float, *, policy: str = "login", rule: str = "r", scope: Scope | None = None) -> Ban:
    return Ban(SEVEN, scope or Scope(), policy, rule, NOON, NOON + hours * HOUR, 1, "why")


def test_what_is_withdrawn_leaves_the_others_in_force() -> None:
    """The next longest takes over, as if the one withdrawn had never been."""
    bans = BanList()
    short, long, other = a_ban(1), a_ban(9, policy="ar", rule="alert 1"), a_ban(5, policy="ar", rule="alert 2")
    for ban in (short, long, other):
        bans.enter(ban)
    assert bans.in_force(NOON) == (long,)

    assert bans.withdraw(SEVEN, "ar", "alert 1") == (long,)
    assert bans.in_force(NOON) == (other,)
    assert bans.withdraw(SEVEN, "ar", "alert 2") == (other,)
    assert bans.in_force(NOON) == (short,)
    assert bans.withdraw(SEVEN, "ar", "alert 2") == ()
    assert bans.withdraw(EIGHT, "ar", "alert 2") == ()


def test_an_end_is_told_when_nobody_goes_on() -> None:
    """Of two bans the shorter one's end is nobody's business."""
    bans = BanList()
    bans.enter(a_ban(1))
    bans.enter(a_ban(2, policy="manual"))

    assert bans.forget_ended(NOON + HOUR) == ()
    assert bans.forget_ended(NOON + 2 * HOUR) == (a_ban(2, policy="manual"),)
    assert not bans


def test_a_maker_has_one_ban_and_a_shorter_one_beside() -> None:
    """So an administrator who extends a ban a thousand times fills no memory."""
    bans = BanList()
    for hours in (1, 2, 3, 2.5):
        bans.enter(a_ban(hours, policy="manual"))

    assert bans.of(SEVEN) == (a_ban(3, policy="manual"), a_ban(2.5, policy="manual"))


_BANS = st.builds(
    a_ban,
    st.integers(1, 5),
    policy=st.sampled_from(["login", "ar"]),
    rule=st.sampled_from(["1", "2"]),
    scope=st.sampled_from([Scope(), Scope("reject", (25,))]),
)
_STEPS = st.lists(
    st.one_of(
        _BANS.map(lambda ban: ("enter", ban)),
        _BANS.map(lambda ban: ("withdraw", ban)),
        st.just(("lift", a_ban(1))),
        st.integers(0, 6).map(lambda hours: ("end", a_ban(hours))),
    ),
    max_size=20,
)


@given(_STEPS)
def test_a_list_is_what_a_simple_model_of_it_is(steps: list[tuple[str, Ban]]) -> None:
    """In force is the longest of each scope of all that were entered and neither lifted, withdrawn nor over."""
    bans, entered = BanList(), list[Ban]()
    for what, ban in steps:
        if what == "enter":
            bans.enter(ban)
            entered.append(ban)
        elif what == "withdraw":
            bans.withdraw(SEVEN, ban.policy, ban.rule)
            entered = [one for one in entered if (one.policy, one.rule) != (ban.policy, ban.rule)]
        elif what == "lift":
            bans.lift(SEVEN)
            entered = []
        else:
            bans.forget_ended(ban.expires)
            entered = [one for one in entered if one.expires > ban.expires]
        ends = defaultdict[Scope, float](float)
        for one in entered:
            ends[one.scope] = max(ends[one.scope], one.expires)
        assert {one.scope: one.expires for one in bans.in_force(0.0)} == ends
        assert all(bans.is_in_force(one) for one in longest(bans.of(SEVEN)))
        assert {one.expires for one in bans.lasting(0.0)} <= {one.expires for one in entered}
