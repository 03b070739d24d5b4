"""A rule blames the address that its line names, or nobody."""

import pytest

from responder.detect.pattern import LONGEST_PINNED_RIGHT
from responder.values import Prefix
from tests.detect.rules import a_rule

FROM_THE_LEFT = a_rule("failed from <address>(?: .*)?$")
FROM_THE_RIGHT = a_rule("failed for .* from <address>$")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)  # fmt: skip
def test_an_address_is_blamed_in_its_one_form(written: str, address: str) -> None:
    """However it was written."""
    found = FROM_THE_LEFT.find(f"failed from {written}")

    assert found == Prefix.parse(address)
    assert str(found) == address


@pytest.mark.parametrize("written", ["192.0.2.300", "1.2.3", "::1::2", "192.0.2.07", "dead.beef", "..", "fe80::1%eth0"])
def test_what_is_no_address_blames_nobody(written: str) -> None:
    """The pattern may match, but there is nobody to blame."""
    assert FROM_THE_LEFT.find(f"failed from {written}") is None


def test_the_pattern_starts_where_the_message_starts() -> None:
    """A message that quotes another is none of it."""
    assert FROM_THE_LEFT.find("he said: failed from 192.0.2.7") is None


@pytest.mark.parametrize("character", ["x", "\u00e4", "\u20ac", "\ufffd"])
def test_a_rule_pinned_right_does_not_look_at_a_line_that_may_have_been_cut(character: str) -> None:
    """Syslog cuts after so many bytes, not characters, and then the line ends in what the peer chose."""
    before, after = "failed for ", " from 198.51.100.1"
    room = LONGEST_PINNED_RIGHT - len(before + after)
    name = character * (room // len(character.encode()))
    whole = before + name + "-" * (room - len(name.encode())) + after

    assert len(whole.encode()) == LONGEST_PINNED_RIGHT
    assert FROM_THE_RIGHT.find(whole) == Prefix.parse("198.51.100.1")
    assert FROM_THE_RIGHT.find(whole.replace(after, "-" + after)) is None


def test_a_rule_pinned_left_looks_at_a_line_of_any_length() -> None:
    """What was cut off stood behind the address."""
    assert FROM_THE_LEFT.find("failed from 192.0.2.7 " + "x" * 5000) == Prefix.parse("192.0.2.7")


@pytest.mark.parametrize(
    ("glob", "program", "looks"),
    [
        ("sshd", "sshd", True), ("sshd", "sshd-session", False), ("sshd*", "sshd-session", True),
        ("sshd", "SSHD", False),
        ("postfix*/smtpd", "postfix/smtpd", True), ("postfix*/smtpd", "postfix2525/smtpd", True),
        ("postfix*/smtpd", "postfix/smtp", False), ("postfix*/smtpd", "xpostfix/smtpd", False),
        ("postfix*/*/smtpd", "postfix/submission/smtpd", True), ("[sx]shd", "xshd", True), ("ssh?", "sshd", True),
    ],
)  # fmt: skip
def test_programs_are_shell_patterns(glob: str, program: str, looks: bool) -> None:
    """Postfix's tags vary by instance and by service."""
    assert a_rule("failed from <address>", program=glob).judges(program) is looks
