"""What a real Postfix, Dovecot and sshd write under attack blames the attackers; in normal use it blames nobody.

Each way to attack has an address of its own, so that the log tells which rules saw it.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from responder import config
from responder.detect import library
from responder.detect.detector import Detector
from tests.detect.rules import stamps
from tests.lab import dovecot, postfix, sshd
from tests.lab.dovecot import Dovecot
from tests.lab.network import Network
from tests.lab.postfix import Postfix
from tests.lab.sshd import Sshd
from tests.lab.syslogd import Syslogd
from tests.lab.talk import Talk, hold
from tests.lab.wait import until

pytestmark = pytest.mark.kernel
DETECTOR = Detector(library.load([library.shipped()], config.load(None).policies))
VICTIM = "198.51.100.1"
FORGED = f"y[{VICTIM}]"


class Way(NamedTuple):
    """A way to use a server: what is said, and the rules that must see it; none for normal use."""

    name: str
    port: int
    lines: tuple[str, ...]
    seen: frozenset[str]
    waits: bool = True
    tls: int = -1


def way(
    name: str, port: int, *lines: str, seen: tuple[str, ...] = (), waits: bool = True, tls: int = -1, end: str = "\r\n"
) -> Way:
    return Way(name, port, tuple(line + end for line in lines), frozenset(seen), waits, tls)


def use(net: Network, ways: list[Way], subnet: int, timeout: float = 3.0) -> dict[str, Way]:
    """Hold all conversations, each from an address of its own, and return which had which."""
    sources = {
        f"2001:db8:{subnet}:{number}::bad" if number % 4 == 3 else f"198.18.{subnet}.{number}": one
        for number, one in enumerate(ways, 1)
    }
    talks = [Talk(source, one.port, one.lines, one.waits, one.tls) for source, one in sources.items()]
    hold(net.att, net.srv.ipv4, net.srv.ipv6, talks, timeout)
    return sources


def blamed(lines: list[str]) -> dict[str, set[str]]:
    found = defaultdict(set)
    for offence in DETECTOR.find("".join(f"{line}\n" for line in lines).encode(), stamps()):
        found[str(offence.address)].add(offence.rule)
    return found


def tells_of(line: str, source: str) -> bool:
    return bool(re.search(rf"(?<![0-9A-Za-z:.]){re.escape(source)}(?![0-9A-Za-z:.]*[0-9A-Za-z])", line))


def judge(sources: dict[str, Way], lines: list[str]) -> None:
    """Every attacker was seen by the rules that should see him, and nobody else by any."""
    found = blamed(lines)
    wrong = {
        (one.name, tuple(sorted(found[source]))): [line for line in lines if tells_of(line, source)]
        for source, one in sources.items()
        if found[source] != one.seen
    }
    assert not wrong, "\n".join(f"{name}: {line}" for name, seen in wrong.items() for line in seen)
    assert not {source for source in found if not source.startswith(("198.18.", "2001:db8:"))}


def judge_soon(sources: dict[str, Way], lines: Callable[[], list[str]]) -> None:
    """Judge as soon as every attacker was seen, or after a few seconds."""

    def seen() -> bool:
        found = blamed(lines())
        return all(one.seen <= found[source] for source, one in sources.items())

    with suppress(TimeoutError):
        until(seen, within=8, every=0.1)
    judge(sources, lines())


def mail(sender: str, *recipients: str, helo: str = "EHLO client.example.net") -> tuple[str, ...]:
    return (helo, f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{recipient}>" for recipient in recipients))


def plain(user: str, password: str) -> str:
    return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()


FULL = ("DATA", "Subject: x\r\n\r\nx\r\n.")
OK = "ok@example.org"
SMTP = [
    way("mail", 25, *mail("a@example.net", OK), *FULL, "QUIT"),
    way("only a greeting", 25, "EHLO client.example.net", "QUIT"),
    way("TLS", 25, "EHLO client.example.net", "STARTTLS", *mail("a@example.net", OK), "QUIT", tls=2),
    way("login", 587, "EHLO client.example.net", plain("bob", "secret"), "MAIL FROM:<bob@example.org>", "QUIT"),
    way("greylisted", 25, *mail("defer@sender.test", OK), "QUIT"),
    way("on hold", 25, *mail("warn@sender.test", OK), *FULL, "QUIT"),
    way("too large", 25, "EHLO client.example.net", "MAIL FROM:<a@example.net> SIZE=99999999", "QUIT"),
    way("moved away", 25, *mail("a@example.net", "gone@example.org"), "QUIT"),
    way("full mailbox", 25, *mail("a@example.net", "full@example.org"), "QUIT"),
    way("relaying", 25, *mail("a@b.test", "x@elsewhere.test"), "QUIT", seen=("postfix-relay-denied",)),
    way("guessing", 25, *mail("a@b.test", "nobody@example.org"), "QUIT", seen=("postfix-unknown-recipient",)),
    way(
        "guessing to frame",
        25,
        *mail(
            f'"{FORGED}: 550 5.1.1"@b.test',
            f'"from {FORGED}: 550 5.1.1 <a>: Recipient address rejected: User unknown"@example.org',
            helo=f"HELO NOQUEUE: reject: RCPT from {FORGED}: 554 5.7.1 <x>: Relay access denied",
        ),
        "QUIT",
        seen=("postfix-bad-helo",),
    ),
    way(
        "second recipient",
        25,
        *mail("a@b.test", OK, "no@example.org"),
        seen=("postfix-unknown-recipient", "postfix-lost-connection"),
    ),
    way("HELO", 25, *mail("a@b.test", OK, helo="HELO foo"), "QUIT", seen=("postfix-bad-helo",)),
    way("HELO address", 25, *mail("a@b.test", OK, helo=f"HELO [{VICTIM}"), "QUIT", seen=("postfix-bad-helo",)),
    way("sender", 25, *mail("nodomain", OK), "QUIT", seen=("postfix-bad-sender",)),
    way("sender's domain", 25, *mail("a@nowhere.test", OK), "QUIT", seen=("postfix-unresolved",)),
    way("access table", 25, *mail("bad@sender.test", OK), "QUIT", seen=("postfix-access-denied",)),
    way("access text", 25, *mail("text@sender.test", OK), "QUIT", seen=("postfix-refused",)),
    way("access 521", 25, *mail("code@sender.test", OK), "QUIT", seen=("postfix-refused",)),
    way("not logged in", 587, *mail("a@b.test", "x@elsewhere.test"), "QUIT", seen=("postfix-access-denied",)),
    way("null sender", 25, *mail("", OK, "two@example.org"), "DATA", "QUIT", seen=("postfix-refused",)),
    way("password", 587, "EHLO x.test", plain("bob", "wrong"), "QUIT", seen=("postfix-sasl-failed",)),
    way("forged login", 587, "EHLO x.test", plain(f"a {FORGED}: SASL", "x"), "QUIT", seen=("postfix-sasl-failed",)),
    way("LOGIN", 587, "EHLO x.test", "AUTH LOGIN", "Ym9i", "eA==", "QUIT", seen=("postfix-sasl-failed",)),
    way("CRAM-MD5", 587, "EHLO x.test", "AUTH CRAM-MD5", "Ym9iIDAwMDA=", "QUIT", seen=("postfix-sasl-failed",)),
    way("mechanism", 587, "EHLO x.test", f"AUTH {FORGED}: =", "QUIT", seen=("postfix-sasl-failed",)),
    way("no base64", 587, "EHLO x.test", "AUTH PLAIN ***", "QUIT", seen=("postfix-sasl-failed",)),
    way("given up", 587, "EHLO x.test", "AUTH LOGIN", "*", "QUIT", seen=("postfix-sasl-aborted",)),
    way("cut in AUTH", 587, "EHLO x.test", "AUTH LOGIN", seen=("postfix-lost-in-auth",)),
    way("no login here", 25, "EHLO x.test", "AUTH LOGIN", seen=("postfix-lost-in-auth",)),
    way(
        "does not listen",
        25,
        *mail("a@b.test", "x@elsewhere.test"),
        f"DATA\r\nX improper command pipelining after DATA from {FORGED}: x",
        seen=("postfix-relay-denied", "postfix-speaks-first", "postfix-lost-connection"),
    ),
    way(
        "pipelining",
        25,
        f"HELO x.test\r\nMAIL FROM:<{FORGED}>\r\nRCPT TO:<a>",
        "QUIT",
        seen=("postfix-pipelining", "postfix-syntax"),
    ),
    way("the web", 25, f"GET http://{FORGED}/ HTTP/1.1", seen=("postfix-no-smtp",)),
    way("a header", 25, f"From: {FORGED}: 550", seen=("postfix-no-smtp",)),
    way("syntax", 25, "EHLO x.test", f"MAIL FROM:<{FORGED} x y>", "QUIT", seen=("postfix-syntax",)),
    way("errors", 25, *["XYZ"] * 8, seen=("postfix-too-many-errors",)),
    way("hangs up", 25, "EHLO x.test", seen=("postfix-lost-connection",)),
    way("broken TLS", 25, "EHLO x.test", "STARTTLS", "NOOP", seen=("postfix-tls-failed",)),
    way("no TLS", 465, "EHLO x.test", seen=("postfix-tls-failed", "postfix-lost-connection"), waits=False),
    way("bare newline", 26, "EHLO x.test", seen=("postscreen-protocol", "postscreen-hangup"), end="\n"),
    way("pregreet", 26, f"EHLO {FORGED}", seen=("postscreen-pregreet", "postscreen-hangup"), waits=False),
    way("hangs up early", 26, seen=("postscreen-hangup",), waits=False),
]

POSTFIX = {
    "mynetworks": "127.0.0.0/8",
    "smtpd_helo_restrictions": "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname",
    "smtpd_sender_restrictions": "check_sender_access inline:{bad@sender.test=REJECT,"
    " {text@sender.test=REJECT we do not want this}, {code@sender.test=521 5.7.1 go away},"
    " {defer@sender.test=DEFER come back later}, {warn@sender.test=WARN look at this}},"
    " reject_non_fqdn_sender, check_sender_access inline:{nowhere.test=reject_unknown_sender_domain}",
    "smtpd_recipient_restrictions": "check_recipient_access inline:{{full@example.org=552 5.2.2 mailbox is full}}",
    "smtpd_data_restrictions": "reject_multi_recipient_bounce",
    "local_recipient_maps": "inline:{ok=ok, two=two, full=full, gone=gone, bob=bob}",
    "relocated_maps": "inline:{gone@example.org=elsewhere@example.net}",
    "smtpd_hard_error_limit": "6",
    "message_size_limit": "1000000",
    "smtpd_tls_security_level": "may",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": dovecot.AUTH,
    "smtpd_sasl_security_options": "noanonymous",
    "smtp_dns_support_level": "disabled",
    "postscreen_greet_wait": "1s",
    "postscreen_greet_action": "enforce",
    "postscreen_bare_newline_enable": "yes",
    "postscreen_bare_newline_action": "enforce",
    "postscreen_dnsbl_sites": "",
}
LOGINS_ONLY = "smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
SERVICES = (
    f"587 inet n - n - - smtpd -o syslog_name=postfix/submission -o {LOGINS_ONLY}",
    "465 inet n - n - - smtpd -o syslog_name=mta-in/smtps -o smtpd_tls_wrappermode=yes",
    "26 inet n - n - 1 postscreen",
    "smtpd pass - - n - - smtpd",
    "dnsblog unix - - n - 0 dnsblog",
    "tlsproxy unix - - n - 0 tlsproxy",
)


@pytest.fixture(scope="module")
def syslogd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Syslogd]:
    with Syslogd(tmp_path_factory.mktemp("syslog")) as running:
        yield running


@pytest.fixture(scope="module")
def imap(net: Network, syslogd: Syslogd) -> Iterator[Dovecot]:
    if problem := dovecot.missing():
        pytest.skip(problem)
    with Dovecot(net.srv, syslogd) as running:
        yield running


@pytest.fixture(scope="module")
def smtp(net: Network, imap: Dovecot) -> Iterator[Postfix]:
    if problem := postfix.missing():
        pytest.skip(problem)
    tls = {f"smtpd_tls_{what}_file": str(imap.folder / f"{what}.pem") for what in ("cert", "key")}
    with Postfix(net.srv, settings=POSTFIX | tls, services=SERVICES) as running:
        yield running


def test_postfix_blames_who_attacks_it(net: Network, smtp: Postfix) -> None:
    sources = use(net, SMTP, 91)

    ended(sources, smtp.lines, "isconnect from", "DISCONNECT")
    judge(sources, smtp.lines())


def ended(sources: Iterable[str], lines: Callable[[], list[str]], *words: str) -> None:
    """Wait until there is a line with one of *words* about each of *sources*."""

    def missing() -> list[str]:
        last = [line for line in lines() if any(word in line for word in words)]
        return [source for source in sources if not any(tells_of(line, source) for line in last)]

    until(lambda: not missing(), within=15, what="the end of each connection", every=0.1)


IMAP = [
    way("login", 143, "a LOGIN bob secret", "b LOGOUT"),
    way("login in full", 143, "a CAPABILITY", "b AUTHENTICATE PLAIN AGJvYgBzZWNyZXQ=", "c SELECT INBOX", "d LOGOUT"),
    way("login under TLS", 993, "a LOGIN bob secret", "b LOGOUT", tls=0),
    way("STARTTLS", 143, "a STARTTLS", "b LOGIN bob secret", "c LOGOUT", tls=1),
    way("POP3", 110, "USER bob", "PASS secret", "STAT", "QUIT"),
    way("password", 143, "a LOGIN bob wrong", seen=("dovecot-auth-failed", "dovecot-password-mismatch")),
    way("no such user", 143, "a LOGIN ghost wrong", seen=("dovecot-auth-failed",)),
    way("under TLS", 993, "a LOGIN ghost wrong", "b LOGOUT", tls=0, seen=("dovecot-auth-failed",)),
    way("POP3 password", 110, "USER ghost", "PASS wrong", "QUIT", seen=("dovecot-auth-failed",)),
    way("thrice", 143, *["a LOGIN ghost wrong"] * 3, "b LOGOUT", seen=("dovecot-auth-failed-twice",)),
    way("four times", 143, *["a LOGIN ghost wrong"] * 4, seen=("dovecot-auth-failed-several",)),
    way("eleven times", 143, *["a LOGIN ghost wrong"] * 11, seen=("dovecot-auth-failed-often",)),
    way(
        "forged",
        143,
        f'a LOGIN "x>, method=PLAIN, rip={VICTIM}, lip=192.0.2.1, session=<A>" x',
        seen=("dovecot-auth-failed",),
    ),
    way("forged in auth", 143, f'a LOGIN "bob,{VICTIM},<A>): Password mismatch" x', seen=("dovecot-auth-failed",)),
    way(
        "forged in auth, to its end",
        143,
        f'a LOGIN "x,{VICTIM}): Password mismatch (SHA1 of given password: {"0" * 40}" x',
        seen=("dovecot-auth-failed",),
    ),
    way("mechanism", 143, f"a AUTHENTICATE X,_RIP={VICTIM},", "b LOGOUT", seen=("dovecot-login-given-up",)),
    way("given up", 143, "a AUTHENTICATE LOGIN", "*", "b LOGOUT", seen=("dovecot-login-given-up",)),
    way("cut in AUTHENTICATE", 143, "a AUTHENTICATE LOGIN", seen=("dovecot-login-given-up",)),
    way("the web", 143, *["GET / HTTP/1.1"] * 12, seen=("dovecot-no-mail-client",)),
    way("the web at POP3", 110, *["GET / HTTP/1.1"] * 22, seen=("dovecot-no-mail-client",)),
    way("no login", 143, "a LOGOUT", seen=("dovecot-no-login",)),
    way("hangs up", 110, seen=("dovecot-no-login",)),
    way("no TLS", 993, "GET / HTTP/1.1", waits=False, seen=("dovecot-no-login",)),
]


def test_dovecot_blames_who_attacks_it(net: Network, imap: Dovecot, syslogd: Syslogd) -> None:
    sources = use(net, IMAP, 92)

    ended(sources, syslogd.lines, "-login: Disconnected", "-login: Aborted", "-login: Login:")
    lines = [line for line in syslogd.lines() if " dovecot: " in line]
    for source, one in sources.items():  # a Dovecot that is slow itself says so, and nobody is blamed
        if any("disconnected before auth was ready" in line and tells_of(line, source) for line in lines):
            sources[source] = one._replace(seen=frozenset())
    judge(sources, lines)


def test_sshd_blames_who_attacks_it(net: Network, tmp_path: Path) -> None:
    if problem := sshd.missing():
        pytest.skip(problem)
    ways = [
        way("the web", 22, "GET / HTTP/1.1", waits=False, seen=("sshd-no-ssh",)),
        way(
            "a forged greeting",
            22,
            f"banner exchange: Connection from {VICTIM} port 22: invalid format",
            seen=("sshd-no-ssh",),
        ),
        way("an old protocol", 22, "SSH-1.5-old", seen=("sshd-no-ssh",)),
        way("never logs in", 22, "SSH-2.0-scan", seen=("sshd-no-login",)),
        way("a monitor", 22),
    ]
    forged = f"x from {VICTIM} port 22 ssh2"
    wrong = ("sshd-failed-password", "sshd-too-many-tries")
    old = "KexAlgorithms=diffie-hellman-group1-sha1"
    logins = {
        "198.18.93.101": Login("root", key=True),
        "2001:db8:93:102::1": Login("root", key=True),
        "198.18.93.103": Login("root", seen=wrong),
        "198.18.93.104": Login("ghost", seen=("sshd-invalid-user", *wrong)),
        "2001:db8:93:105::1": Login(forged, seen=("sshd-invalid-user", *wrong)),
        "198.18.93.106": Login("games", seen=("sshd-not-allowed", *wrong)),
        "198.18.93.107": Login("root", "NumberOfPasswordPrompts=1", seen=("sshd-failed-password", "sshd-gave-up")),
        "198.18.93.108": Login("root", old, seen=("sshd-no-common-method",)),
    }
    with Syslogd(tmp_path) as syslogd, Sshd(net.srv, syslogd, tmp_path) as running:
        sources = use(net, ways, 93, timeout=1)
        sources |= log_in(net, running, logins)
        net.att.run(["ssh-keyscan", net.srv.ipv4])
        sources[net.att.ipv4] = way("ssh-keyscan", 22, seen=("sshd-no-login",))
        judge_soon(sources, syslogd.lines)


def test_sshd_with_pam_blames_who_attacks_it(net: Network, tmp_path: Path) -> None:
    """A question of PAM's is no password to sshd, and has other words."""
    if problem := sshd.missing():
        pytest.skip(problem)
    once = "NumberOfPasswordPrompts=1"
    logins = {
        "198.18.94.101": Login("root", key=True),
        "198.18.94.103": Login("root", once, seen=("sshd-failed-pam", "sshd-failed-password", "sshd-gave-up")),
        "198.18.94.104": Login(
            f"x from {VICTIM}",
            once,
            seen=("sshd-invalid-user", "sshd-failed-pam", "sshd-failed-password", "sshd-gave-up"),
        ),
    }
    with Syslogd(tmp_path) as syslogd, Sshd(net.srv, syslogd, tmp_path, port=2222, pam=True) as running:
        sources = log_in(net, running, logins)
        judge_soon(sources, syslogd.lines)


class Login(NamedTuple):
    """Who logs in with ssh, how, and the rules that must see it."""

    user: str
    option: str = "LogLevel=ERROR"
    key: bool = False
    seen: tuple[str, ...] = ()


def log_in(net: Network, server: Sshd, logins: dict[str, Login]) -> dict[str, Way]:
    """Make all *logins*, each from its address, and return which had which."""
    net.att.add_addresses(*logins)

    def made(source: str) -> bool:
        one = logins[source]
        return server.login(net.att, source, one.user, key=one.key, options=[one.option]) == 0

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(made, logins)) == [one.key for one in logins.values()]
    return {source: Way(one.user, server.port, (), frozenset(one.seen)) for source, one in logins.items()}
