"""A web server gets JSON that it can prove to be ours, the same again when it failed, and leads nobody elsewhere."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from responder.notices import webhook
from responder.notices.courier import Courier
from responder.notices.notice import SendError
from tests.lab.wait import until
from tests.notices.hook import Hook, hooked
from tests.notices.samples import EVIL, a_notice, told


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as one:
        yield one


def test_the_signature_proves_body_and_time(hook: Hook, tmp_path: Path) -> None:
    """Made anew from the header and the body as they came."""
    (tmp_path / "secret").write_text("sesame\n")

    webhook.send(told(kind="webhook", url=hook.url, secret_file=str(tmp_path / "secret")), a_notice(reason=EVIL))

    ((headers, body),) = hook.posted
    stamp = headers["X-Responder-Timestamp"]
    digest = hmac.new(b"sesame", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Responder-Signature"] == f"sha256={digest}"
    assert abs(int(stamp) - time.time()) < 600
    assert json.loads(body)["facts"]["prefix"] == "192.0.2.7"
    assert json.loads(body)["facts"]["reason"] == EVIL


def test_what_failed_is_posted_again_under_the_same_number(hook: Hook) -> None:
    """So that the other side can tell it from another notice."""
    hook.statuses = [503, 429]
    send = partial(webhook.send, told(kind="webhook", url=hook.url))
    with closing(Courier("x", send, delays=(0, 0))) as courier:
        courier.post(a_notice())
        until(lambda: courier.sent == 1)

    assert len(hook.posted) == 3
    assert len({headers["X-Responder-Id"] for headers, _ in hook.posted}) == 1


@pytest.mark.parametrize(("status", "again"), [(302, False), (404, False), (500, True), (429, True)])
def test_a_refusal_names_the_server_and_not_the_secret_in_its_address(hook: Hook, status: int, again: bool) -> None:
    """Nobody is followed elsewhere."""
    hook.statuses = [status]

    with pytest.raises(SendError, match=rf"^http://127\.0\.0\.1:\d+ answers {status}$") as failed:
        webhook.send(told(kind="webhook", url=hook.url), a_notice())

    assert failed.value.again is again
    assert len(hook.posted) == 1


def test_a_server_that_is_not_there_or_says_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """In words."""
    monkeypatch.setattr(webhook, "_PATIENCE", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with pytest.raises(SendError, match="refused"):
            webhook.send(told(kind="webhook", url=url), a_notice())
        deaf.listen()
        with pytest.raises(SendError, match="timed out"):
            webhook.send(told(kind="webhook", url=url), a_notice())


def test_a_secret_that_cannot_be_read_is_an_error(hook: Hook) -> None:
    """Nothing is sent unsigned."""
    with pytest.raises(SendError, match="No such file"):
        webhook.send(told(kind="webhook", url=hook.url, secret_file="/nowhere"), a_notice())

    assert hook.posted == []


def test_a_name_that_no_resolver_can_be_asked_for_is_an_error_in_words() -> None:
    with pytest.raises(SendError, match=r"^https://hooks\.\.example\.org: .*label"):
        webhook.send(told(kind="webhook", url="https://hooks..example.org/x"), a_notice())
