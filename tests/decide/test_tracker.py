"""A Tracker bans who offends too often, for as long as it should, and remembers no more than it must."""

from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.decide.allowlist import Allowed, Allowlist
from responder.decide.policy import Policy
from responder.decide.tracker import Effect, Judgement, Tracker
from responder.times import DAY, HOUR, MINUTE
from responder.values import Ban, Offence, Prefix, Scope
from tests.decide.values import NOON, a_policy, an_offence


def a_tracker(*policies: Policy, allow: Iterable[str] = (), most: int = 1_000_000) -> Tracker:
    entries = [Allowed(Prefix.parse(text), "a setting") for text in allow]
    return Tracker({policy.name: policy for policy in policies or (a_policy(),)}, Allowlist(entries), most)


def effects(tracker: Tracker, *offences: Offence) -> list[Effect]:
    return [tracker.judge(offence).effect for offence in offences]


COUNTED, BAN, BANNED = Effect.COUNTED, Effect.BAN, Effect.ALREADY_BANNED


def test_the_limit_within_the_span_brings_a_ban() -> None:
    """Whom, on what scope, from when, until when, why."""
    tracker = a_tracker(a_policy(limit=3, ban=HOUR, scope=Scope("reject", (25,))))
    offences = [an_offence(at=NOON + second) for second in (0, 10, 20)]

    judgements = [tracker.judge(offence) for offence in offences]

    prefix, start = Prefix.parse("192.0.2.7"), NOON + 20
    reason = "3 counted in 20s, the last a-rule; policy login bans at 3 within 10m"
    ban = Ban(prefix, Scope("reject", (25,)), "login", "a-rule", start, start + HOUR, 1, reason)
    assert judgements == [
        Judgement(offences[0], COUNTED),
        Judgement(offences[1], COUNTED),
        Judgement(offences[2], BAN, ban),
    ]
    assert tracker.bans(start) == (ban,)
    assert tracker.tracked == 0


def test_a_ban_runs_from_now_and_in_a_replay_from_the_offence() -> None:
    """The clock is handed in; an old log is judged as it was on the night."""
    live = a_tracker(a_policy(limit=1)).judge(an_offence(at=NOON), NOON + 5).ban
    replayed = a_tracker(a_policy(limit=1)).judge(an_offence(at=NOON)).ban

    assert live is not None
    assert replayed is not None
    assert (live.start, live.expires) == (NOON + 5, NOON + 5 + HOUR)
    assert (replayed.start, replayed.expires) == (NOON, NOON + HOUR)
    assert replayed.reason == "1 counted, the last a-rule; policy login bans at 1 within 10m"


def test_nothing_counts_while_banned_and_everything_counts_anew_after() -> None:
    """The end of a ban belongs to the time after."""
    tracker = a_tracker(a_policy(limit=2, ban=HOUR))
    times = (0, 1, 2, HOUR, HOUR + 0.5, HOUR + 1, HOUR + 2)

    assert effects(tracker, *(an_offence(at=NOON + at) for at in times)) == [
        COUNTED, BAN, BANNED, BANNED, BANNED, COUNTED, BAN,
    ]  # fmt: skip


def test_a_weighty_offence_is_many() -> None:
    """A rule may say that one is enough."""
    assert effects(a_tracker(), an_offence(weight=2), an_offence()) == [COUNTED, BAN]
    assert effects(a_tracker(), an_offence(weight=1000)) == [BAN]


def test_who_is_allowed_is_never_counted() -> None:
    """A network in the settings, the host itself."""
    tracker = a_tracker(a_policy(limit=1), allow=["192.0.2.0/24"])

    assert effects(tracker, an_offence("192.0.2.7"), an_offence("127.0.0.1"), an_offence("198.51.100.7")) == [
        Effect.ALLOWED, Effect.ALLOWED, BAN,
    ]  # fmt: skip


def test_an_offence_without_a_policy_is_passed_over() -> None:
    """A reload may have taken its policy away."""
    assert effects(a_tracker(), an_offence(policy="gone")) == [Effect.NO_POLICY]


def test_services_that_share_a_policy_count_together() -> None:
    """A guesser who goes from sshd to Dovecot is one guesser."""
    offences = [
        an_offence(at=NOON + number)._replace(rule=rule) for number, rule in enumerate(["sshd", "dovecot", "sasl"])
    ]

    assert effects(a_tracker(a_policy(limit=3)), *offences) == [COUNTED, COUNTED, BAN]


def test_policies_count_apart() -> None:
    """Probing is no guessing; but who is banned from everything is banned."""
    tracker = a_tracker(a_policy("login", limit=2), a_policy("probe", limit=2))
    one, other = an_offence(policy="login"), an_offence(policy="probe")

    assert effects(tracker, one, other, one, other) == [COUNTED, COUNTED, BAN, BANNED]


def test_a_ban_of_one_scope_does_not_stop_counting_for_another() -> None:
    """Who may not send mail may still guess passwords."""
    tracker = a_tracker(a_policy("mail", limit=1, scope=Scope("drop", (25,))), a_policy("login", limit=1))

    assert effects(tracker, an_offence(policy="mail"), an_offence(policy="login"), an_offence(policy="mail")) == [
        BAN, BAN, BANNED,
    ]  # fmt: skip
    assert len(tracker.bans(NOON)) == 2


def test_a_64_is_one_attacker() -> None:
    """Who owns one address of it owns all."""
    tracker = a_tracker(a_policy(limit=3))
    offences = [an_offence(f"2001:db8::{number}:1", NOON) for number in (1, 2, 3)]

    assert effects(tracker, *offences) == [COUNTED, COUNTED, BAN]
    assert [str(ban.prefix) for ban in tracker.bans(NOON)] == ["2001:db8::/64"]
    assert effects(tracker, an_offence("2001:db8:0:1::1")) == [COUNTED]


def test_a_mapped_address_counts_with_its_ipv4_address() -> None:
    """Dual-stack daemons log one, the others the other."""
    assert effects(a_tracker(a_policy(limit=2)), an_offence("::ffff:192.0.2.7"), an_offence("192.0.2.7")) == [
        COUNTED,
        BAN,
    ]


def test_who_returns_within_memory_is_banned_longer() -> None:
    """Memory runs from the end of the ban; its last moment belongs to it."""
    tracker = a_tracker(a_policy(limit=1, ban=HOUR, escalate=3, max_ban=5 * HOUR, memory=DAY))
    returns = (0.0, HOUR + DAY, 4 * HOUR + 2 * DAY, 9 * HOUR + 3 * DAY + 1)

    bans = [tracker.judge(an_offence(at=NOON + at)).ban for at in returns]

    assert [(ban.nth, ban.expires - ban.start) for ban in bans if ban] == [
        (1, HOUR), (2, 3 * HOUR), (3, 5 * HOUR), (1, HOUR),
    ]  # fmt: skip


def test_who_is_lifted_is_forgiven() -> None:
    """Bans, earlier bans and half-full windows, under every policy."""
    tracker = a_tracker(a_policy("login", limit=1, escalate=2), a_policy("probe", limit=2, scope=Scope("drop", (25,))))
    prefix = Prefix.parse("192.0.2.7")
    effects(tracker, an_offence(policy="login"), an_offence(policy="probe"))

    lifted = tracker.lift(prefix)

    assert [ban.policy for ban in lifted] == ["login"]
    assert tracker.bans(NOON) == ()
    assert tracker.windows(prefix) == ()
    again = tracker.judge(an_offence(policy="login")).ban
    assert again is not None
    assert again.nth == 1
    assert tracker.judge(an_offence(policy="probe")).effect is COUNTED
    assert tracker.lift(Prefix.parse("192.0.2.8")) == ()


def a_ban(expires: float, *, policy: str = "login", nth: int = 1, scope: Scope | None = None) -> Ban:
    return Ban(Prefix.parse("192.0.2.7"), scope or Scope(), policy, "", NOON, expires, nth, "by hand")


def test_of_two_bans_of_one_scope_the_longer_is_in_force() -> None:
    """An administrator's short ban does not shorten a long one."""
    tracker = a_tracker()
    tracker.enter(a_ban(NOON + DAY))
    tracker.enter(a_ban(NOON + HOUR, policy="manual"))
    tracker.enter(a_ban(NOON + MINUTE, scope=Scope("reject")))

    assert sorted(ban.expires for ban in tracker.bans(NOON)) == [NOON + MINUTE, NOON + DAY]
    assert [ban.expires for ban in tracker.bans(NOON + HOUR)] == [NOON + DAY]
    assert effects(tracker, an_offence(at=NOON + DAY - 1), an_offence(at=NOON + DAY)) == [BANNED, COUNTED]


def test_ended_bans_are_told_once() -> None:
    """A ban that goes on for another scope stays."""
    tracker = a_tracker()
    short, long = a_ban(NOON + HOUR), a_ban(NOON + DAY, scope=Scope("reject"))
    tracker.enter(short)
    tracker.enter(long)

    assert tracker.forget_ended(NOON + HOUR - 1) == ()
    assert tracker.forget_ended(NOON + HOUR) == (short,)
    assert tracker.forget_ended(NOON + HOUR) == ()
    assert tracker.forget_ended(NOON + DAY) == (long,)
    assert tracker.bans(0.0) == ()


def test_how_close_an_address_is_to_a_ban_can_be_asked() -> None:
    """By any address of the network that is counted."""
    tracker = a_tracker(a_policy("login"), a_policy("probe"))
    tracker.judge(an_offence("2001:db8::1"))

    found = tracker.windows(Prefix.parse("2001:db8::2"))

    assert [(policy.name, window) for policy, window in found] == [("login", (NOON,))]


def test_tracked_keys_are_bounded_and_the_least_dangerous_go_first() -> None:
    """A flood of addresses cannot wash out who is close to a ban; and what went is counted."""
    tracker = a_tracker(a_policy("login", limit=3), a_policy("probe", limit=30), most=100)
    tracker.judge(an_offence("203.0.113.1", NOON))
    tracker.judge(an_offence("203.0.113.1", NOON + 1))
    for number in range(1000):
        tracker.judge(an_offence(f"198.51.{number // 250}.{number % 250}", NOON + 2 + number / 10, policy="probe"))
        assert tracker.tracked <= 100

    assert tracker.tracked + tracker.dropped == 1001
    latest = an_offence("198.51.3.249", NOON + 200, policy="probe")
    assert [len(window) for _, window in tracker.windows(latest.address)] == [1]
    assert effects(tracker, an_offence("203.0.113.1", NOON + 200)) == [BAN]


def test_stale_windows_make_room_before_any_other() -> None:
    """They could never have been filled, so nothing is lost."""
    tracker = a_tracker(a_policy(limit=2, within=MINUTE), most=100)
    for number in range(100):
        tracker.judge(an_offence(f"198.51.100.{number}", NOON))

    tracker.judge(an_offence("192.0.2.7", NOON + MINUTE + 1))

    assert (tracker.tracked, tracker.dropped) == (1, 0)


# What follows compares a Tracker with a simple model of it, or with another Tracker, over random logs.

POLICIES = (
    a_policy("login", limit=3, within=20.0, ban=30.0, escalate=2.0, max_ban=100.0, memory=60.0),
    a_policy("probe", limit=2, within=10.0, ban=15.0, memory=5.0),
    a_policy("mail", limit=4, within=40.0, ban=10.0, scope=Scope("reject", (25,)), prefix_v4=24),
)
ADDRESSES = [
    "192.0.2.7",
    "::ffff:192.0.2.7",
    "192.0.2.8",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:0:1::1",
    "203.0.113.9",
]
OFFENCES = st.builds(
    an_offence,
    st.sampled_from(ADDRESSES),
    st.integers(0, 12).map(float),
    policy=st.sampled_from(["login", "probe", "mail", "gone"]),
    weight=st.sampled_from([1, 1, 1, 2]),
)


def in_time(offences: list[Offence], late: int) -> list[Offence]:
    """Return *offences* with their times as steps from one to the next, each third up to *late* behind."""
    at, placed = NOON, []
    for number, offence in enumerate(offences):
        at += offence.time
        placed.append(offence._replace(time=at - (late if number % 3 == 0 else 0)))
    return placed


LOGS = st.builds(in_time, st.lists(OFFENCES, max_size=40), st.sampled_from([0, 7, 25]))


class Model:
    """Every hit since the last ban is kept; nothing is clever."""

    def __init__(self) -> None:
        self.hits = defaultdict[tuple[str, Prefix], list[float]](list)
        self.bans: list[Ban] = []

    def judge(self, offence: Offence) -> tuple[Effect, float, int]:
        if offence.address == Prefix.parse("203.0.113.9"):
            return Effect.ALLOWED, 0.0, 0
        policy = {one.name: one for one in POLICIES}.get(offence.policy)
        if policy is None:
            return Effect.NO_POLICY, 0.0, 0
        prefix = offence.address.widen(policy.prefix_v4, policy.prefix_v6)
        rivals = [ban for ban in self.bans if ban.prefix == prefix and ban.scope == policy.scope]
        if any(offence.time < ban.expires for ban in rivals):
            return BANNED, 0.0, 0
        hits = self.hits[policy.name, prefix]
        hits += [offence.time] * offence.weight
        if sum(at >= max(hits) - policy.within for at in hits) < policy.limit:
            return COUNTED, 0.0, 0
        hits.clear()
        earlier = [ban for ban in rivals if ban.policy == policy.name]
        returned = earlier and offence.time - earlier[-1].expires <= policy.memory
        nth = earlier[-1].nth + 1 if returned else 1
        lasts = min(policy.ban * policy.escalate ** (nth - 1), policy.max_ban)
        expires = offence.time + lasts
        self.bans.append(Ban(prefix, policy.scope, policy.name, "", offence.time, expires, nth, ""))
        return BAN, expires, nth


def told(judgement: Judgement) -> tuple[Effect, float, int]:
    ban = judgement.ban
    return judgement.effect, ban.expires if ban else 0.0, ban.nth if ban else 0


def the_tracker() -> Tracker:
    return a_tracker(*POLICIES, allow=["203.0.113.0/24"])


@given(LOGS)
def test_a_tracker_judges_as_a_simple_model_does(log: list[Offence]) -> None:
    """The limit within the span brings a ban; nothing counts while banned; who returns is banned longer."""
    tracker, model = the_tracker(), Model()

    for offence in log:
        assert told(tracker.judge(offence)) == model.judge(offence)


@given(LOGS, LOGS)
def test_replaying_what_was_judged_goes_on_as_if_nothing_had_happened(
    before: list[Offence], after: list[Offence]
) -> None:
    """A restart neither forgives nor counts twice."""
    tracker, restarted = the_tracker(), the_tracker()
    judgements = [tracker.judge(offence) for offence in before]

    for judgement in judgements:
        if judgement.ban:
            restarted.enter(judgement.ban)
    restarted.replay(judgements)

    for address in ADDRESSES:
        assert restarted.windows(Prefix.parse(address)) == tracker.windows(Prefix.parse(address))
    assert set(restarted.bans(NOON)) == set(tracker.bans(NOON))
    for offence in after:
        assert restarted.judge(offence) == tracker.judge(offence)


@given(st.lists(OFFENCES, max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_forgetting_never_changes_what_is_decided_later(offences: list[Offence], forget: list[bool]) -> None:
    """What is forgotten could not have mattered any more."""
    forgetful, other = the_tracker(), the_tracker()

    for offence, now in zip(in_time(offences, 0), forget, strict=False):
        if now:
            forgetful.forget_stale(offence.time)
            forgetful.forget_ended(offence.time)
        assert forgetful.judge(offence) == other.judge(offence)


@given(LOGS)
def test_when_all_is_over_nothing_is_held(log: list[Offence]) -> None:
    """Memory does not grow with the attackers of all time."""
    tracker = the_tracker()
    for offence in log:
        tracker.judge(offence)
    end = NOON + 100 * DAY

    tracker.forget_stale(end)
    tracker.forget_ended(end)

    assert (tracker.tracked, bool(tracker._banned), tracker._memory) == (0, False, {})


@pytest.mark.parametrize("gone", ["login", "probe"])
def test_windows_of_a_policy_that_is_gone_are_forgotten(gone: str) -> None:
    """After a reload nothing would count towards it."""
    tracker = a_tracker(a_policy("login"), a_policy("probe"))
    effects(tracker, an_offence(policy="login"), an_offence(policy="probe"))
    judgements = [Judgement(an_offence(policy=gone), COUNTED)]

    tracker.policies = {name: policy for name, policy in tracker.policies.items() if name != gone}
    tracker.replay(judgements)
    tracker.forget_stale(NOON)

    assert tracker.tracked == 1
