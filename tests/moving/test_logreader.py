"""Which units and names a command line with journalctl asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.moving import logreader
from responder.moving.logreader import Asked


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("LANG=C /usr/bin/journalctl -afb -p info -n1 -t sshd -t sendmail -o cat", ("sshd", "sendmail")),
        ("journalctl -f -u ssh", ("ssh.service",)),
        (
            "journalctl -fu sshd.service --unit=dovecot --unit exim4.service",
            ("sshd.service", "dovecot.service", "exim4.service"),
        ),
        ("journalctl -tsshd --identifier=vsftpd --identifier proftpd -t sshd", ("sshd", "vsftpd", "proftpd")),
        (
            "journalctl -f _SYSTEMD_UNIT=ssh.service + SYSLOG_IDENTIFIER=sshd _COMM=postfix",
            ("ssh.service", "sshd", "postfix"),
        ),
        ("journalctl -p info -o cat -n 10 -t 'sshd'", ("sshd",)),
        ("journalctl -u 'postfix@*'", ("postfix@*.service",)),
        ("journalctl -o-t -t sshd", ("sshd",)),
        ("journalctl -bt -t sshd", ("sshd",)),
    ],
)
def test_units_and_names_are_found_among_the_options(command: str, names: tuple[str, ...]) -> None:
    assert logreader.read(command) == Asked(names)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("journalctl -afb -o cat", "it reads the whole journal"),
        ("tail -F /var/log/auth.log", "it is no journalctl"),
        ("/usr/bin/log stream --predicate '(processImagePath contains \"sshd\")'", "it is no journalctl"),
        ("journalctl -t 'sshd", "its quotes do not match"),
        ("journalctl -t 'a,b'", "'a,b' is no unit and no name"),
        ("journalctl -t", "'' is no unit and no name"),
        ("", "it is no journalctl"),
    ],
)
def test_what_nobody_can_tell_is_told(command: str, problem: str) -> None:
    assert logreader.read(command).problem == problem


def test_what_stands_behind_journalctl_is_not_looked_at_and_told() -> None:
    assert logreader.read("journalctl -t sshd | grep -v -t x") == Asked(("sshd",), left="| grep -v -t x")
    assert logreader.read("journalctl -t sshd&&id").left == "&& id"


@given(
    st.lists(st.sampled_from(["journalctl", "-t", "-u", "-fu", "--unit", "=", " ", "'", '"', "|", "\\", "sshd"])).map(
        "".join
    )
    | st.text()
)
def test_any_command_is_answered(command: str) -> None:
    asked = logreader.read(command)

    assert bool(asked.names) is not bool(asked.problem)
