"""The outbox is handed on one batch at a time, again to each new process, and emptied as it is taken in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.daemon.ledger import Ledger
from responder.daemon.reporting import Reporting
from responder.framing import Message
from responder.values import Ban, Prefix, Scope

NOON = 1_800_014_400.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path, "state.db")
    made.reporting = True
    yield made
    made.close()


def ban(ledger: Ledger, count: int) -> None:
    for number in range(count):
        prefix = Prefix.parse(f"45.10.{number >> 8}.{number & 255}")
        ledger.ban(Ban(prefix, Scope(), "login", "r", NOON, NOON + 60, 1, f"no. {number}"))
    assert ledger.commit({}, 0.0, NOON)


def numbers(message: Message) -> list[int]:
    return [row[0] for row in message["report"]]


def test_a_batch_waits_for_the_one_before(ledger: Ledger) -> None:
    """In order, however many wait; nothing is sent where nothing waits."""
    sent: list[Message] = []
    reporting = Reporting(ledger, sent.append)
    ban(ledger, 700)

    reporting.tend(NOON)
    reporting.tend(NOON)
    assert [numbers(one) for one in sent] == [list(range(1, 501))]
    reporting.taken_in(500, 499, NOON)
    reporting.tend(NOON)
    assert numbers(sent[1]) == list(range(501, 701))
    reporting.taken_in(700, 200, NOON)
    reporting.tend(NOON)

    assert (len(sent), reporting.waiting(), reporting.sent) == (2, 0, 699)


def test_a_new_process_is_sent_what_the_last_one_took_along(ledger: Ledger) -> None:
    """Nobody knows whether the blacklist has it; it is the same batch, and known there."""
    sent: list[Message] = []
    reporting = Reporting(ledger, sent.append)
    ban(ledger, 3)
    reporting.tend(NOON)

    reporting.begin()
    reporting.tend(NOON)

    assert sent[0] == sent[1]
    assert numbers(sent[0]) == [1, 2, 3]


def test_what_is_not_stored_is_not_sent(ledger: Ledger) -> None:
    sent: list[Message] = []
    reporting = Reporting(ledger, sent.append)
    ledger.ban(Ban(Prefix.parse("45.10.0.1"), Scope(), "login", "r", NOON, NOON + 60, 1, "x"))
    reporting.tend(NOON)
    assert sent == []

    ledger.commit({}, 0.0, NOON)
    reporting.tend(NOON)

    assert numbers(sent[0]) == [1]
