"""Mails reach a real server, encrypted and with a login where asked; reports are read by what reads reports."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from responder.notices import mail
from responder.notices.couriers import of_ban
from responder.notices.notice import SendError
from tests.lab.wait import until
from tests.metrics.test_outlets import free_port
from tests.notices.samples import EVIL, a_ban, a_notice, told

FROM_TO = {"kind": "mail", "sender": "responder@mx.example.org", "to": ["admin@example.org", "night@example.org"]}


class Box:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.answer

    def only(self) -> Message:
        """Return the one mail."""
        ((_, raw),) = self.mails
        return message_from_bytes(raw, policy=default)


@contextmanager
def running(box: Box, **more: Any) -> Iterator[int]:
    controller = Controller(box, "127.0.0.1", free_port(), **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def box() -> Box:
    return Box()


def test_a_ban_is_told_in_a_mail_that_no_machine_answers(box: Box) -> None:
    """To all who are named; what attackers wrote makes no headers."""
    with running(box) as port:
        notice = a_notice(reason=EVIL)._replace(title=EVIL)
        mail.send(told(server=f"127.0.0.1:{port}", **FROM_TO), notice)

    assert box.mails[0][0] == ["admin@example.org", "night@example.org"]
    said = box.only()
    assert said["Auto-Submitted"] == "auto-generated"
    assert said["Subject"] == "[responder] $(touch /tmp/owned); `id`   Bcc: victim@example.org   -rf"
    assert said["Bcc"] is None
    assert said["To"] == "admin@example.org, night@example.org"
    assert "192.0.2.7 is banned for 1h" in said.get_payload()


def certificate(folder: Path) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert, *names], check=True, capture_output=True)
    return key, cert


def test_the_password_is_given_to_a_server_that_proves_who_it_is_and_to_nobody_else(box: Box, tmp_path: Path) -> None:
    """Over STARTTLS; a certificate that nobody vouches for is refused before it is said."""
    key, cert = certificate(tmp_path)
    (tmp_path / "password").write_text("sesame\n")
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    logins: list[LoginPassword] = []

    def authenticate(_server: Any, _session: Any, _envelope: Any, _how: str, data: LoginPassword) -> AuthResult:
        logins.append(data)
        return AuthResult(success=True)

    secure = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    with running(box, **secure) as port:
        own = {"server": f"127.0.0.1:{port}", "tls": "starttls", "user": "responder"}
        settings = {**FROM_TO, **own, "password_file": str(tmp_path / "password")}
        with pytest.raises(SendError, match="self-signed certificate"):
            mail.send(told(**settings), a_notice())
        assert logins == []

        mail.send(told(**settings, ca_file=str(cert)), a_notice())

    assert logins == [LoginPassword(b"responder", b"sesame")]
    assert len(box.mails) == 1


@pytest.mark.parametrize("password", ["sésame".encode(), "sésame".encode("latin-1")])
def test_a_password_that_cannot_be_said_is_an_error_in_words(box: Box, tmp_path: Path, password: bytes) -> None:
    """And does not end the thread that brings the next notice; what the password is stays untold."""
    (tmp_path / "password").write_bytes(password)
    yes = {"authenticator": lambda *_: AuthResult(success=True), "auth_require_tls": False}
    with running(box, **yes) as port:
        own = {"server": f"127.0.0.1:{port}", "tls": "none", "user": "responder"}
        settings = told(**FROM_TO, **own, password_file=str(tmp_path / "password"))
        with pytest.raises(SendError, match="must be plain ASCII") as failed:
            mail.send(settings, a_notice())

    assert "sam" not in str(failed.value)


def test_a_name_that_no_resolver_can_be_asked_for_is_an_error_in_words() -> None:
    with pytest.raises(SendError, match=r"^mail\.\.example\.org:25: .*label"):
        mail.send(told(**FROM_TO, server="mail..example.org:25", tls="none"), a_notice())


@pytest.mark.parametrize(("answer", "again"), [("451 later", True), ("554 never", False)])
def test_a_refusal_is_tried_again_where_the_server_says_later(box: Box, answer: str, again: bool) -> None:
    """As its number says."""
    box.answer = answer
    with running(box) as port, pytest.raises(SendError, match=answer) as failed:
        mail.send(told(server=f"127.0.0.1:{port}", **FROM_TO), a_notice())

    assert failed.value.again is again


def test_a_server_that_is_not_there_is_tried_again() -> None:
    """It may be started again."""
    with pytest.raises(SendError, match="refused") as failed:
        mail.send(told(server=f"127.0.0.1:{free_port()}", **FROM_TO), a_notice())

    assert failed.value.again


def test_the_real_sink_of_postfix_takes_it() -> None:
    """Another implementation of the protocol."""
    if not Path("/usr/sbin/smtp-sink").exists():
        pytest.skip("Postfix is not installed")
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", *user, f"127.0.0.1:{port}", "10"], stderr=subprocess.DEVNULL)

    def sent() -> bool:
        try:
            mail.send(told(server=f"127.0.0.1:{port}", **FROM_TO), a_notice())
        except SendError:
            return False
        return True

    try:
        until(sent)
    finally:
        sink.terminate()
        sink.wait(10)


def test_a_report_is_what_readers_of_reports_understand(box: Box, tmp_path: Path) -> None:
    """Three parts of X-ARF, to whom the administrator's program names; hostile lines stay in theirs."""
    finder = tmp_path / "contact"
    finder.write_text('#!/bin/sh\n[ "$1" = 192.0.2.7 ] && echo abuse@isp.example\n')
    finder.chmod(0o755)
    notice = of_ban(
        a_ban(), "mx", evidence=(f"sshd[1]: Failed password for {EVIL} from 192.0.2.7", "---\nSource: 198.51.100.1")
    )
    with running(box) as port:
        settings = {**FROM_TO, "server": f"127.0.0.1:{port}", "xarf": True, "contact": [str(finder), "{prefix}"]}
        mail.send(told(**settings), notice)

    assert box.mails[0][0] == ["abuse@isp.example"]
    said = box.only()
    assert said["X-XARF"] == "PLAIN"
    people, report, logged = said.iter_parts()  # type: ignore[attr-defined]
    assert report.get_filename() == "report.txt"
    known = dict(row.split(": ", 1) for row in report.get_content().splitlines() if ": " in row)
    assert known["Source"] == '"192.0.2.7"'
    assert known["Report-Type"] == '"login-attack"'
    assert known["Date"] == '"2026-11-23T12:00:00Z"'
    assert "attacks from 192.0.2.7" in people.get_content()
    assert len(logged.get_content().splitlines()) == 2


@pytest.mark.parametrize("prints", ["not an address", "a@b.example;rm", "-oQ/tmp@x", ""])
def test_without_a_contact_the_report_goes_to_whom_the_settings_name(box: Box, tmp_path: Path, prints: str) -> None:
    """Who finds contacts is another program, and may fail."""
    (tmp_path / "said").write_text(prints)
    notice = of_ban(a_ban(), "mx", evidence=("a line",))
    with running(box) as port:
        contact = ["/bin/cat", str(tmp_path / "said")]
        mail.send(told(**FROM_TO, server=f"127.0.0.1:{port}", xarf=True, contact=contact), notice)

    assert box.mails[0][0] == ["admin@example.org", "night@example.org"]
