"""mail - a notice as a mail, over SMTP, encrypted and with a login where the settings say so."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from responder.notices import xarf
from responder.notices.contact import contact_of
from responder.notices.notice import Notice, SendError, line
from responder.settings.notify import NotifySettings

_PATIENCE = 20.0  # seconds for each step
_LONGEST_SUBJECT = 150


def send(settings: NotifySettings, notice: Notice) -> None:
    """Bring *notice*; raises SendError."""
    host, port = settings.host_and_port
    to = settings.to
    message = written(settings, notice)
    if settings.xarf and notice.event == "ban" and notice.evidence:
        contact = contact_of(settings.contact, notice)
        message = xarf.report(settings, notice)
        to = (contact,) if contact else to
    message["To"] = ", ".join(to)
    try:
        with _server(settings, host, port) as server:
            server.send_message(message, settings.sender, to)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise SendError(f"nobody may be written to: {codes[0]}", again=min(codes) < 500) from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise SendError(f"{host} refused: {error.smtp_code} {line(said)}", again=error.smtp_code < 500) from None
    except (
        OSError,
        ValueError,
        smtplib.SMTPException,
    ) as error:  # ValueError: no resolver can be asked
        raise SendError(f"{settings.server}: {error}") from None


def written(settings: NotifySettings, notice: Notice) -> EmailMessage:
    """Return *notice* as a mail, but for its recipients."""
    message = EmailMessage()
    message["From"] = settings.sender
    message["Subject"] = line(f"[responder] {notice.title}", _LONGEST_SUBJECT)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(line(one) for one in notice.text.split("\n")) + "\n", cte="quoted-printable")
    return message


def _server(settings: NotifySettings, host: str, port: int) -> smtplib.SMTP:
    """Return a server to hand mails to; what it is told in secret is encrypted before."""
    context = ssl.create_default_context(cafile=settings.ca_file or None) if settings.encrypted != "none" else None
    if settings.encrypted == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=_PATIENCE)
    try:
        if settings.encrypted == "starttls":
            server.starttls(context=context)
        if settings.user:
            _log_in(server, settings)
    except BaseException:
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, settings: NotifySettings) -> None:
    password = Path(settings.password_file).read_bytes().strip()
    if not (password.isascii() and settings.user.isascii()):
        said = "user and password must be plain ASCII, which is all that can be said to a mail server"
        raise SendError(f"{settings.password_file}: {said}")
    server.login(settings.user, password.decode())
