"""A courier brings what it can, tries again, bounds what waits, and never holds up who posts."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from responder.notices.courier import Courier
from responder.notices.notice import Notice, SendError
from tests.lab.wait import until
from tests.notices.samples import a_notice


def numbered(count: int) -> list[Notice]:
    return [a_notice(nth=number) for number in range(count)]


def refusing(brought: list[Notice], errors: list[SendError]) -> Callable[[Notice], None]:
    """Return what raises *errors* first, and then brings."""

    def send(notice: Notice) -> None:
        if errors:
            raise errors.pop(0)
        brought.append(notice)

    return send


def test_what_is_posted_is_brought_in_order() -> None:
    """Each once."""
    brought: list[Notice] = []
    notices = numbered(20)
    with closing(Courier("x", refusing(brought, []))) as courier:
        for notice in notices:
            courier.post(notice)
        until(lambda: courier.sent == 20)

    assert brought == notices


def test_the_oldest_goes_when_too_many_wait_and_who_posts_never_waits() -> None:
    """Though the one who is told never answers: what is dropped is counted."""
    answered, begun = threading.Event(), threading.Event()
    brought: list[Notice] = []

    def send(notice: Notice) -> None:
        begun.set()
        answered.wait(30)
        brought.append(notice)

    notices = numbered(1000)
    courier = Courier("x", send, most=10)
    courier.post(notices[0])
    begun.wait(10)
    for notice in notices[1:]:
        courier.post(notice)

    assert (courier.waiting, courier.dropped) == (10, 989)
    answered.set()
    courier.close()
    until(lambda: courier.sent == 11)
    assert brought == [notices[0], *notices[-10:]]


def test_what_fails_is_tried_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """And once that it works again."""
    brought: list[Notice] = []
    with caplog.at_level(logging.INFO):
        send = refusing(brought, [SendError("no"), SendError("still no")])
        with closing(Courier("x", send, delays=(0, 0, 0))) as courier:
            courier.post(a_notice())
            until(lambda: courier.sent == 1)
            until(lambda: "works again" in caplog.text)

    assert [record.message for record in caplog.records] == ["notify x: no", "notify x: works again"]


@pytest.mark.parametrize("again", [True, False])
def test_what_fails_for_good_is_given_up_and_the_next_is_brought(again: bool) -> None:
    """After the last attempt, or at once where the other side will never take it."""
    brought: list[Notice] = []
    errors = [SendError("no", again=again) for _ in range(3 if again else 1)]
    first, second = numbered(2)
    with closing(Courier("x", refusing(brought, errors), delays=(0, 0))) as courier:
        courier.post(first)
        courier.post(second)
        until(lambda: courier.sent == 1)

    assert (brought, courier.failed) == ([second], 1)


def test_closing_does_not_wait_for_the_next_attempt() -> None:
    """A daemon that is told to stop stops."""
    courier = Courier("x", refusing([], [SendError("no")]), delays=(3600,))
    courier.post(a_notice())
    until(lambda: not courier.waiting)

    courier.close()

    until(lambda: courier.failed == 1)
