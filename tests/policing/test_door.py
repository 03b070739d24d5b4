"""Which clients are refused: as looking at every bar would tell, and nobody whom the allowlist protects."""

from hypothesis import given
from hypothesis import strategies as st

from responder.decide.allowlist import Allowed, Allowlist
from responder.quota.barred import Bar, Barred
from responder.quota.door import BANNED, LISTED, Door
from responder.quota.request import Request
from responder.values import Prefix
from tests.quota.values import NOON, a_request

SEVEN, DAY = Prefix.parse("192.0.2.7"), NOON + 86400

_few = st.one_of(
    st.builds(lambda number, bits: Prefix.parse(f"192.0.2.{number}/{bits}"), st.integers(0, 7), st.integers(28, 32)),
    st.builds(
        lambda number, bits: Prefix.parse(f"::{number:x}/{bits}"), st.integers(0, 7), st.sampled_from([0, 64, 128])
    ),
)
_steps = st.lists(st.tuples(st.sampled_from(["put", "drop", "forget"]), _few, st.integers(0, 3), st.floats(0, 10)))


@given(_steps, _few, st.floats(0, 10))
def test_a_table_says_what_looking_at_every_bar_would(
    steps: list[tuple[str, Prefix, int, float]], asked: Prefix, now: float
) -> None:
    """Whatever was put, replaced, dropped and forgotten before."""
    table, all_there_are = Barred(), dict[tuple[Prefix, int], float]()
    for what, prefix, name, until in steps:
        if what == "put":
            table.put(prefix, Bar(name, until, str(prefix)))
            all_there_are[prefix, name] = until
        elif what == "drop":
            table.drop(prefix, name)
            all_there_are.pop((prefix, name), None)
        else:
            assert not [*table.forget_ended(min(until, now))]  # too few to pause
    address = Prefix(asked.network, 128)

    holding = [prefix for (prefix, _), until in all_there_are.items() if prefix.covers(address) and until > now]
    found = table.find(address, now)
    assert (found and found.reason) == (str(max(holding, key=lambda one: one.length)) if holding else None)


def a_door(*allowed: str) -> Door:
    door = Door("incoming")
    door.barred[BANNED].put(SEVEN, Bar(1, DAY, "5 offences in 10m"))
    door.barred[LISTED].put(Prefix.parse("198.51.100.0/24"), Bar(0, DAY, "3 reports"))
    door.allowlist = Allowlist(Allowed(Prefix.parse(one), "") for one in allowed)
    return door


def incoming(address: str, context: str = "incoming") -> Request:
    return a_request(client_address=address, policy_context=context)


def said(door: Door, request: Request, now: float = NOON) -> str:
    found = door.judge(request, now)
    return found.answer.decode().strip() if found else ""


def test_a_banned_and_a_listed_client_are_told_why() -> None:
    assert said(a_door(), incoming("192.0.2.7")) == "action=554 5.7.1 [192.0.2.7] is banned here: 5 offences in 10m"
    assert said(a_door(), incoming("::ffff:198.51.100.9")).startswith("action=554 5.7.1 [198.51.100.9] is listed here")


def test_nobody_else_is_refused() -> None:
    """Not when it is over, not his neighbour, not under another context, and not who has no address."""
    assert not said(a_door(), incoming("192.0.2.7"), DAY)
    assert not said(a_door(), incoming("192.0.2.8"))
    assert not said(a_door(), incoming("192.0.2.7", "outgoing"))
    assert not said(a_door(), incoming("unknown"))


def test_the_allowlist_goes_before_both() -> None:
    assert not said(a_door("192.0.2.0/24"), incoming("192.0.2.7"))
    assert not said(a_door("198.51.100.9"), incoming("198.51.100.9"))
    assert said(a_door("198.51.100.9"), incoming("198.51.100.8"))


def test_a_reason_breaks_no_answer_and_no_log_line() -> None:
    door = Door("incoming")
    door.barred[BANNED].put(SEVEN, Bar(1, DAY, 'x"\n\naction=OK\n\u00e4'))

    found = door.judge(incoming("192.0.2.7"), NOON)

    assert found
    assert found.answer.count(b"\n") == 2
    assert found.answer.isascii()
    assert "\n" not in str(found.note)
    assert str(found.note).startswith("client: reject client=192.0.2.7 banned until=2027-")


def test_what_is_over_is_forgotten_a_little_at_a_time() -> None:
    """Others may ask and change meanwhile; what came back stays."""
    table, network = Barred(), Prefix.parse("10.0.0.0/8").network
    for number in range(1200):
        table.put(Prefix(network + number, 128), Bar(0, NOON, ""))
    pauses = table.forget_ended(DAY)
    next(pauses)
    table.put(Prefix(network + 1199, 128), Bar(1, DAY + 1, "again"))
    assert len([*pauses]) == 1
    assert table.find(Prefix(network + 1199, 128), NOON)
    assert not table.find(Prefix(network + 5, 128), NOON - 1)
