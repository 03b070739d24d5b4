"""mailwords - the lines a mail host's services write, without stamp and host.

Each is a function of a client's address and a number that stands for all that
varies: process ids, queue ids, names, ports.  The tables say how often each
comes, as weights.
"""

from collections.abc import Callable

Kind = Callable[[str, int], str]


def _pid(number: int) -> int:
    return 1000 + number % 31000


def _queue(number: int) -> str:
    return f"{number * 2654435761 & 0xFFFFFFFFFF:010X}"


def unknown_recipient(address: str, number: int) -> str:
    return (
        f"postfix/smtpd[{_pid(number)}]: NOQUEUE: reject: RCPT from unknown[{address}]: 550 5.1.1 "
        f"<user{number}@example.org>: Recipient address rejected: User unknown in local recipient table; "
        f"from=<s{number}@spam.test> to=<user{number}@example.org> proto=ESMTP helo=<h{number % 977}.spam.test>"
    )


def relay_denied(address: str, number: int) -> str:
    return (
        f"postfix/smtpd[{_pid(number)}]: NOQUEUE: reject: RCPT from h{number % 977}.spam.test[{address}]: "
        f"{'454 4.7.1' if number % 4 else '554 5.7.1'} <x{number}@elsewhere.test>: Relay access denied; "
        f"from=<s{number}@spam.test> to=<x{number}@elsewhere.test> proto=ESMTP helo=<h{number % 977}.spam.test>"
    )


def sasl_failed(address: str, number: int) -> str:
    return (
        f"postfix/smtps/smtpd[{_pid(number)}]: warning: unknown[{address}]: SASL LOGIN authentication failed: "
        f"UGFzc3dvcmQ6"
    )


def password_failed(address: str, number: int) -> str:
    who = f"invalid user u{number % 5000}" if number % 3 else "root"
    return f"sshd[{_pid(number)}]: Failed password for {who} from {address} port {1024 + number % 60000} ssh2"


def auth_failed(address: str, number: int) -> str:
    return (
        f"dovecot: {'imap' if number % 2 else 'pop3'}-login: Disconnected: Connection closed "
        f"(auth failed, {number % 3 + 1} attempts in {number % 20 + 2} secs): user=<u{number % 5000}@example.org>, "
        f"method=PLAIN, rip={address}, lip=192.0.2.25, TLS, session=<{_queue(number)}AAB>"
    )


def connect(address: str, number: int) -> str:
    return f"postfix/smtpd[{_pid(number)}]: connect from mail{number % 300}.example.net[{address}]"


def client(address: str, number: int) -> str:
    return f"postfix/smtpd[{_pid(number)}]: {_queue(number)}: client=mail{number % 300}.example.net[{address}]"


def cleanup(_address: str, number: int) -> str:
    queue = _queue(number)
    return f"postfix/cleanup[{_pid(number)}]: {queue}: message-id=<{queue}.{number}@mail{number % 300}.example.net>"


def active(_address: str, number: int) -> str:
    return (
        f"postfix/qmgr[812]: {_queue(number)}: from=<bounces+{number}@example.net>, "
        f"size={2000 + number}, nrcpt=1 (queue active)"
    )


def sent(_address: str, number: int) -> str:
    return (
        f"postfix/lmtp[{_pid(number)}]: {_queue(number)}: to=<u{number % 5000}@example.org>, "
        f"relay=mx.example.org[private/dovecot-lmtp], delay=0.{number % 90 + 10}, delays=0.1/0/0.01/0.{number % 9}, "
        f"dsn=2.0.0, status=sent (250 2.0.0 <u{number % 5000}@example.org> {_queue(number)} Saved)"
    )


def removed(_address: str, number: int) -> str:
    return f"postfix/qmgr[812]: {_queue(number)}: removed"


def disconnect(address: str, number: int) -> str:
    return (
        f"postfix/smtpd[{_pid(number)}]: disconnect from mail{number % 300}.example.net[{address}] "
        "ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7"
    )


def login(address: str, number: int) -> str:
    return (
        f"dovecot: imap-login: Login: user=<u{number % 5000}@example.org>, method=PLAIN, rip={address}, "
        f"lip=192.0.2.25, mpid={_pid(number)}, TLS, session=<{_queue(number)}AAB>"
    )


def logout(_address: str, number: int) -> str:
    return (
        f"dovecot: imap(u{number % 5000}@example.org)<{_pid(number)}><{_queue(number)}AAB>: Disconnected: Logged out "
        f"in={number % 4000} out={number} deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0"
    )


def stored(_address: str, number: int) -> str:
    return (
        f"dovecot: lmtp(u{number % 5000}@example.org)<{_pid(number)}><{_queue(number)}>: "
        f"sieve: msgid=<{_queue(number)}@example.net>: stored mail into mailbox 'INBOX'"
    )


def accepted(address: str, number: int) -> str:
    return (
        f"sshd[{_pid(number)}]: Accepted publickey for admin from {address} port {1024 + number % 60000} ssh2: "
        "ED25519 SHA256:9vK3v5bJv0oXk1mWc4Yy2eQm6m1d8b7l3n5p7r9t1u2"
    )


def session(_address: str, number: int) -> str:
    return f"sshd[{_pid(number)}]: pam_unix(sshd:session): session opened for user admin(uid=1000) by (uid=0)"


OFFENCES: dict[Kind, int] = {
    unknown_recipient: 35,
    relay_denied: 15,
    sasl_failed: 20,
    password_failed: 15,
    auth_failed: 15,
}

TRAFFIC: dict[Kind, int] = {
    connect: 14,
    client: 11,
    cleanup: 11,
    active: 11,
    sent: 11,
    removed: 11,
    disconnect: 13,
    login: 6,
    logout: 6,
    stored: 4,
    accepted: 1,
    session: 1,
}
