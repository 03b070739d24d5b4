"""Whom the journal's reader believes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.sources.believed import Believed, Verdict, matches

OURS, OTHER, FORGED = Verdict.OURS, Verdict.OTHER, Verdict.FORGED


@pytest.mark.parametrize(
    ("unit", "uid", "name", "verdict"),
    [
        (b"ssh.service", b"0", b"sshd", OURS),
        (b"postfix@-.service", b"109", b"postfix/smtpd", OURS),
        (b"postfix@-.service", b"62000", b"any name", OURS),  # DynamicUser=
        (b"postfix@-.service", b"1000", b"postfix/smtpd", FORGED),  # a command of somebody's .forward
        (b"postfix@-.service", b"65534", b"postfix/smtpd", FORGED),
        (b"session-1.scope", b"1000", b"sshd", FORGED),  # logger -t sshd
        (b"session-1.scope", b"1000", b"postfix/smtpd", OTHER),
        (b"", b"0", b"sshd", OURS),  # a process that had ended before the journal looked
        (b"", b"0", b"ssh.service", OTHER),
        (b"ssh.service.d", b"0", b"x", OTHER),
        (b"php.service", b"33", b"sshd", FORGED),
        (b"ssh.service", b"", b"sshd", FORGED),
        (b"ssh.service", b"-1", b"sshd", FORGED),
        (b"ssh.service", b"9" * 30, b"sshd", FORGED),
        (b"ssh.service\n", b"0", b"x", OTHER),
        (b"cron.service", b"0", b"cron", OTHER),
    ],
)
def test_unit_and_user_decide(unit: bytes, uid: bytes, name: bytes, verdict: Verdict) -> None:
    """A unit's own users of the system, and under a name root alone."""
    assert Believed(["postfix@*.service", "ssh.service", "sshd"]).judge(unit, uid, name) is verdict


def test_users_that_are_named_are_believed_and_no_others() -> None:
    """Beside root."""
    believed = Believed(["app.service", "app"], {1001})

    judged = [believed.judge(b"app.service", uid, b"x") for uid in (b"0", b"1001", b"33", b"1000")]
    assert judged == [OURS, OURS, FORGED, FORGED]
    assert believed.judge(b"", b"1001", b"app") is OURS


def test_journalctl_looks_for_what_has_no_pattern() -> None:
    """A pattern may mean a unit that is not there yet."""
    assert matches(["ssh.service", "sshd"]) == ["_SYSTEMD_UNIT=ssh.service", "SYSLOG_IDENTIFIER=sshd"]
    assert matches(["ssh.service", "postfix@*.service"]) == []


@given(st.binary(max_size=30), st.binary(max_size=12), st.binary(max_size=30))
def test_any_bytes_are_judged(unit: bytes, uid: bytes, name: bytes) -> None:
    """And nobody is root but root."""
    verdict = Believed(["*.service", "*"]).judge(unit, uid, name)

    assert verdict is not OTHER
    assert verdict is FORGED or (uid.isdigit() and (int(uid) == 0 or unit.endswith(b".service")))
