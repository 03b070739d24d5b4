"""Who sends too much is told so, and nobody else; what is refused is not counted, and nothing is counted twice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder import config
from responder.detect import library
from responder.detect.detector import Detector
from responder.limits import Allowance
from responder.quota.quota import ready
from responder.quota.standing import Standing, Suspension
from tests.detect.rules import stamps
from tests.quota.values import NOON, a_judge, a_quota, a_request, said, used

EOM = "END-OF-MESSAGE"
OURS = [rule for rule in library.load([library.shipped()], config.load(None).policies) if rule.service == "responder"]
DETECTOR = Detector(OURS)


def suspended(key: str, until: float | None = None, quota: str = "") -> Standing:
    return Standing({}, {(quota, key): Suspension(quota, key, NOON, until, "why", "me")})


def test_one_too_many_is_deferred_and_told_when_there_is_room() -> None:
    """And passes then; others are not disturbed meanwhile."""
    judge = a_judge()

    assert [said(judge, a_request()) for _ in range(3)] == ["DUNNO"] * 3
    assert said(judge, a_request()) == (
        "450 4.7.1 over the limit of 3 messages per 1m for shop.example; try again in 1m1s (2027-01-15T08:01:02Z)"
    )
    assert said(judge, a_request(sender="a@other.example")) == "DUNNO"
    assert said(judge, a_request(), NOON + 60) != "DUNNO"
    assert said(judge, a_request(), NOON + 61) == "DUNNO"


@pytest.mark.parametrize(
    ("action", "begin"), [("defer", "450 4.7.1 "), ("reject", "550 5.7.1 "), ("hold", "HOLD over")]
)
def test_what_excess_leads_to_is_a_setting(action: str, begin: str) -> None:
    judge = a_judge(a_quota("sender", "1 message per 1d", action=action))
    said(judge, a_request())

    assert said(judge, a_request()).startswith(begin)


def test_recipients_are_counted_at_each_stage_once() -> None:
    """Three RCPT, one of them twice as two lists ask; then DATA and the end: one message, three recipients."""
    judge = a_judge(a_quota("sender-domain", "9 messages per 1d", "9 recipients per 1d", "9 kB per 1d"))
    one = {"instance": "1.2.3", "size": 4000}
    for recipient in ("a@x.test", "b@x.test", "b@x.test", "c@x.test"):
        assert said(judge, a_request(**one, recipient=recipient)) == "DUNNO"
    assert used(judge, "shop.example") == [1, 3, 0]
    for stage in ("DATA", EOM, EOM):
        assert said(judge, a_request(**one, protocol_state=stage, recipient="", recipient_count=3)) == "DUNNO"

    assert used(judge, "shop.example") == [1, 3, 4000]


@given(st.lists(st.sampled_from(["MAIL", "RCPT a", "RCPT b", "RCPT c", "DATA", EOM]), max_size=12))
def test_whatever_stages_ask_a_message_counts_once(stages: list[str]) -> None:
    judge = a_judge(a_quota("sender-domain", "99 messages per 1d", "99 recipients per 1d", "99 kB per 1d"))
    for stage in stages:
        state, _, recipient = stage.partition(" ")
        count = 0 if state in ("MAIL", "RCPT") else 3
        said(judge, a_request(instance="7", protocol_state=state, recipient=recipient, recipient_count=count, size=50))

    if stages:
        messages, recipients, octets = used(judge, "shop.example")
        named = {stage for stage in stages if stage.startswith("RCPT")}
        whole = {"DATA", EOM} & set(stages)
        assert (messages, octets) == (1, 50 if EOM in stages else 0)
        # Recipients told after the whole are new ones; Postfix does not ask in that order.
        assert (3 if whole else len(named)) <= recipients <= (6 if whole else len(named))


def test_a_message_refused_at_its_end_counts_nowhere() -> None:
    """What RCPT counted is taken back, under all quotas."""
    judge = a_judge(
        a_quota("sender-domain", "9 messages per 1d", "1 kB per 1d"), a_quota("global", "9 messages per 1d")
    )
    said(judge, a_request(instance="1"))
    assert used(judge, "*", "global") == [1]

    assert said(judge, a_request(instance="1", protocol_state=EOM, recipient_count=1, size=2000)).endswith(
        "over the limit of 1 kB per 1d for shop.example; it is more than that by itself"
    )
    assert used(judge, "shop.example") == [0, 0]
    assert used(judge, "*", "global") == [0]


def test_a_deferred_message_that_is_tried_again_counts_once() -> None:
    """Each try is a new transaction, and it counts when it passes."""
    judge = a_judge()
    for _ in range(3):
        said(judge, a_request())
    now = NOON
    while said(judge, a_request(protocol_state=EOM, recipient_count=1), now) != "DUNNO":
        now += 10

    assert now == NOON + 70
    assert used(judge, "shop.example", now=now) == [1]


def test_all_quotas_must_have_room_and_the_narrowest_speaks() -> None:
    """What one refuses, none counts."""
    judge = a_judge(
        a_quota("global", "5 messages per 1d"),
        a_quota("sender-domain", "3 messages per 1d"),
        a_quota("sender", "2 messages per 1d"),
    )
    answers = [said(judge, a_request()) for _ in range(4)]

    assert answers[1] == "DUNNO"
    assert "2 messages per 1d for news@shop.example" in answers[2]
    assert used(judge, "shop.example") == [2]
    assert "DUNNO" in said(judge, a_request(sender="b@shop.example"))
    assert "3 messages per 1d for shop.example" in said(judge, a_request(sender="c@shop.example"))


def test_forged_senders_meet_the_limit_of_all_together() -> None:
    """Bounces meet no other."""
    judge = a_judge(a_quota("sender", "1 message per 1d"), a_quota("global", "10 messages per 1d"))
    passed = [said(judge, a_request(sender=f"{number}@forged.example")) for number in range(9)]
    bounces = [said(judge, a_request(sender="")) for _ in range(2)]

    assert {*passed, bounces[0]} == {"DUNNO"}
    assert "10 messages per 1d for all senders together" in bounces[1]


@pytest.mark.parametrize(
    ("key", "null_sender", "counts"),
    [
        ("client", None, False),
        ("client", "count", True),
        ("sasl-user", None, True),
        ("sasl-user", "exempt", False),
        ("sender-domain", "count", False),
    ],
)
def test_the_null_sender(key: str, null_sender: str | None, counts: bool) -> None:
    """Bounces are exempt; who logs in can write such mail, too, and is counted."""
    judge = a_judge(a_quota(key, "1 message per 1d", null_sender=null_sender))
    answers = {said(judge, a_request(sender="", sasl_username="bob")) for _ in range(3)}

    assert (answers != {"DUNNO"}) is counts


def test_a_quota_of_one_context_leaves_the_others_alone() -> None:
    judge = a_judge(a_quota("sender", "1 message per 1d", context="outgoing"))

    assert {said(judge, a_request(policy_context="incoming")) for _ in range(3)} == {"DUNNO"}
    assert len({said(judge, a_request(policy_context="outgoing")) for _ in range(2)}) == 2


def test_accounts_and_domains_may_have_limits_of_their_own() -> None:
    """Its own before its domain's; unlimited, and blocked."""
    own = {"shop.example": ["1 message per 1d"], "big@shop.example": ["unlimited"], "old.example": ["blocked"]}
    judge = a_judge(a_quota("sender", "2 messages per 1d", override=own))

    assert {said(judge, a_request(sender="Big@Shop.example")) for _ in range(9)} == {"DUNNO"}
    assert [said(judge, a_request())[:5] for _ in range(2)] == ["DUNNO", "450 4"]
    assert said(judge, a_request(sender="x@old.example")) == "550 5.7.1 x@old.example may not send mail here"
    assert [said(judge, a_request(sender="y@else.example"))[:5] for _ in range(3)] == ["DUNNO", "DUNNO", "450 4"]


def test_what_was_set_by_hand_goes_before_the_file() -> None:
    """At once, and what was counted stays counted."""
    judge = a_judge(a_quota("sender-domain", "3 messages per 1m", override={"shop.example": ["2 messages per 1m"]}))
    assert [said(judge, a_request())[:5] for _ in range(3)] == ["DUNNO", "DUNNO", "450 4"]

    judge.follow(judge.quotas, Standing({("", "shop.example"): Allowance.parse(["4 messages per 1m"])}))

    assert [said(judge, a_request())[:5] for _ in range(3)] == ["DUNNO", "DUNNO", "450 4"]


def test_each_share_is_warned_of_once() -> None:
    """Half, and nine tenths; again when a span has passed."""
    judge = a_judge(a_quota("sender-domain", "10 messages per 1d", warn=[90, 50]))
    notes = [judge.judge(a_request(), NOON + number).notes for number in range(10)]

    assert [len(some) for some in notes] == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert [(one.limit, one.used) for some in notes for one in some] == [
        ("50% of 10 messages per 1d", 5),
        ("90% of 10 messages per 1d", 9),
    ]
    assert judge.judge(a_request(), NOON + 90_000).notes == ()


def test_who_goes_on_is_suspended() -> None:
    """After so many different messages, for so long; then he begins anew."""
    rule = {"after": 3, "within": "1h", "for": "1h"}
    judge = a_judge(a_quota("sender-domain", "1 message per 1m", suspend=rule))
    said(judge, a_request())
    verdicts = [judge.judge(a_request(recipient=f"{number}@x.test"), NOON) for number in range(4)]

    assert [[note.what for note in verdict.notes] for verdict in verdicts] == [
        ["defer"], ["defer"], ["defer", "suspend"], ["defer"],
    ]  # fmt: skip
    until = "2027-01-15T09:00:00Z"
    assert said(judge, a_request(), NOON + 120) == f"450 4.7.1 shop.example is suspended from sending until {until}"
    assert said(judge, a_request(), NOON + 3600) == "DUNNO"
    assert [one.key for one in judge.decided] == ["shop.example"]


def test_what_led_to_a_suspension_does_not_lead_to_the_next() -> None:
    """Who is suspended for less long than refusals count begins anew all the same."""
    rule = {"after": 3, "within": "2h", "for": "30m"}
    judge = a_judge(a_quota("sender-domain", "1 message per 1d", suspend=rule))
    for number in range(4):
        said(judge, a_request(recipient=f"{number}@x.test"))

    assert "over the limit" in said(judge, a_request(recipient="y@x.test"), NOON + 1800)
    assert "over the limit" in said(judge, a_request(recipient="z@x.test"), NOON + 1801)
    assert len(judge.decided) == 1


def test_who_is_suspended_for_good_waits_for_an_administrator() -> None:
    judge = a_judge(a_quota("sender-domain", "1 message per 1m", suspend={"after": 1, "within": "1h"}))
    said(judge, a_request())
    said(judge, a_request())

    assert said(judge, a_request(), NOON + 10**8) == "450 4.7.1 shop.example is suspended from sending"


def test_a_message_that_is_tried_again_does_not_suspend_its_sender() -> None:
    """However often, and with however many recipients."""
    judge = a_judge(a_quota("sender-domain", "1 message per 1d", suspend={"after": 2, "within": "1h"}))
    said(judge, a_request())
    for attempt in range(50):
        for recipient in "abc":
            said(judge, a_request(instance=f"try {attempt}", recipient=recipient), NOON + attempt * 60)

    assert judge.decided == []


@pytest.mark.parametrize("name", ["bob", "news@shop.example", "shop.example", "192.0.2.7"])
def test_a_suspension_by_hand_holds_for_every_name(name: str) -> None:
    """Whatever quotas count, and even where there are none."""
    judge = a_judge(a_quota("network", "unlimited"), standing=suspended(name, NOON + 60))

    assert "is suspended" in said(judge, a_request(sasl_username="bob"))
    assert said(judge, a_request(sasl_username="bob"), NOON + 60) == "DUNNO"
    assert said(judge, a_request(sender="x@y.test", client_address="198.51.100.1")) == "DUNNO"


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "HELO", "VRFY", "ETRN", "", "junk"])
def test_where_no_message_is_nothing_counts(stage: str) -> None:
    judge = a_judge(a_quota("client", "1 message per 1d"))

    assert {said(judge, a_request(protocol_state=stage)) for _ in range(3)} == {"DUNNO"}


def test_a_reload_keeps_what_was_counted() -> None:
    """Of limits of the same kind and span."""
    judge = a_judge(a_quota("sender-domain", "3 messages per 1d", "9 recipients per 1d"))
    for _ in range(3):
        said(judge, a_request())
    judge.follow(ready([a_quota("sender-domain", "4 messages per 1d", "9 recipients per 1h")]), judge.standing)

    assert [said(judge, a_request())[:5] for _ in range(2)] == ["DUNNO", "450 4"]
    assert used(judge, "shop.example") == [4, 1]


def test_memory_is_bounded_and_the_most_dangerous_stay() -> None:
    """Forged senders push out each other, and not who is at his limit."""
    judge = a_judge(a_quota("sender", "10 messages per 1d"), most=1000)
    for _ in range(10):
        said(judge, a_request())
    for number in range(5000):
        said(judge, a_request(sender=f"{number}@forged.example"))

    assert len(judge.accounts) == 1000
    assert said(judge, a_request()).startswith("450")


def test_what_counts_no_more_is_swept_away() -> None:
    judge = a_judge(a_quota("sender", "10 messages per 1m"))
    for number in range(100):
        said(judge, a_request(sender=f"{number}@x.example"), NOON + number)
    for _ in range(10):
        judge.accounts.sweep(30, NOON + 110)

    assert len(judge.accounts) == 50


HOSTILE = st.dictionaries(
    st.sampled_from([b"sender", b"recipient", b"instance", b"size", b"recipient_count", b"client_address"]),
    st.binary(max_size=300).map(lambda value: value.replace(b"\n", b"")),
)


@given(st.lists(st.tuples(HOSTILE, st.sampled_from(["RCPT", "DATA", EOM])), max_size=20))
def test_no_attribute_is_too_strange(requests: list[tuple[dict[bytes, bytes], str]]) -> None:
    """Each gets an answer of one line, and each note is one line that names the client before anything of his."""
    suspend = {"after": 2, "within": "1h", "for": "1h"}
    judge = a_judge(
        a_quota("sender", "1 message per 1d", warn=[50], suspend=suspend), a_quota("client", "2 recipients per 1m")
    )
    for attributes, stage in requests:
        answer, notes = judge.judge(a_request(protocol_state=stage) | attributes, NOON)
        assert answer.count(b"\n") == 2
        for note in notes:
            assert str(note).isprintable()
            assert " client=" in str(note).partition('"')[0]
            assert re.sub(r"\\.", "", str(note)).count('"') == 10


@given(st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b"")), st.sampled_from([b"sender", b"sasl_username"]))
def test_rules_blame_the_client_whatever_he_wrote(raw: bytes, name: bytes) -> None:
    """The line that a refusal leaves in the log, through the rules that ship."""
    judge = a_judge(a_quota("sender | client", "blocked"), a_quota("client", "blocked", null_sender="count"))
    note = judge.judge(a_request() | {name: raw}, NOON).notes[0]
    line = f"Jul 17 03:12:45 mx responder-policyd[311]: {note}\n".encode()

    assert [str(offence.address) for offence in DETECTOR.find(line, stamps())] == ["192.0.2.7"]
