"""A [[notify]] that cannot work is refused with what would be right."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.cli.command import Command
from tests.notices.hook import hooked
from tests.notices.samples import told

MAIL = {"kind": "mail", "sender": "a@b.example", "to": ["c@d.example"]}


@pytest.fixture
def responder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": "mail", "sender": "a@b.example"}, "mail needs to; add it"),
        ({"kind": "webhook"}, "webhook needs url; add it"),
        ({"kind": "exec"}, "exec needs command; add it"),
        ({"kind": "webhook", "url": "file:///etc/passwd"}, "is no address of the web"),
        ({"kind": "webhook", "url": "https://[::1/x"}, "is no address of the web"),
        ({"kind": "webhook", "url": "https://x:99999/"}, "is no address of the web"),
        ({"kind": "webhook", "url": "https://joe:sesame@x/"}, "a user before the @ would not be sent"),
        ({"kind": "webhook", "url": "http://x/", "sender": "a@b.example"}, "sender means nothing for webhook"),
        ({"kind": "exec", "command": ["tell"]}, "is no program with its whole path"),
        ({"kind": "exec", "command": ["/bin/sh", "-c", "echo {text}"]}, "mixes braces with other text"),
        ({"kind": "exec", "command": ["/bin/tell", "{line}"]}, "a value is a word of its own"),
        (MAIL | {"user": "x", "password_file": "/x"}, "a password in clear"),
        (MAIL | {"user": "x", "tls": "tls"}, "belong together"),
        (MAIL | {"sender": "a@b.example\nBcc: x@y.example"}, "match pattern"),
        (MAIL | {"on": ["bans"]}, "Input should be"),
    ],
)
def test_what_cannot_work_is_refused(settings: dict[str, Any], problem: str) -> None:
    """When the settings are read, not when the first attacker comes."""
    with pytest.raises(ValidationError, match=problem):
        told(**settings)


@pytest.mark.parametrize("url", ["https://hooks.example.org/ sesame", "https://joe:sesame@hooks.example.org/x"])
def test_a_secret_in_an_address_that_cannot_be_used_is_not_shown(responder: Command, url: str) -> None:
    """What is said of settings goes into the log at a reload."""
    responder.configure(f'[[notify]]\nname = "chat"\nkind = "webhook"\nurl = "{url}"\n')

    said = responder("check")

    assert said.status == 78
    assert "notify[1].url" in said.err
    assert "sesame" not in said.out + said.err


def test_a_server_elsewhere_is_spoken_to_in_secret_unless_told_otherwise() -> None:
    """On this host there is nobody to listen."""
    assert told(**MAIL).encrypted == "none"
    assert told(**MAIL, server="[::1]:25").host_and_port == ("::1", 25)
    assert told(**MAIL, server="mail.example.org:587").encrypted == "starttls"
    assert told(**MAIL, server="mail.example.org:25", tls="none").encrypted == "none"


def test_a_sample_is_sent_on_demand(responder: Command) -> None:
    """Without a daemon; what fails is told, and a name that is not there."""
    with hooked() as hook:
        responder.configure(f'[[notify]]\nname = "chat"\nkind = "webhook"\nurl = "{hook.url}"\n')
        assert responder("notify", "test", "chat").out == "sent to chat\n"
        assert b"192.0.2.7 is banned for 1h" in hook.posted[0][1]
        assert responder("notify", "test", "chat", "--json").json == {"sent": "chat"}

        hook.statuses = [404]
        failed = responder("notify", "test", "chat")
        assert failed.status == 64
        assert "chat: http://127.0.0.1" in failed.err
        assert "answers 404" in failed.err
    missing = responder("notify", "test", "chatt")
    assert "there is no [[notify]] called 'chatt'; there are chat" in missing.err
