"""A line of ours in a log tells whom it is about, whatever he wrote into it."""

from hypothesis import given
from hypothesis import strategies as st

from responder import config
from responder.detect import library
from responder.quota import keys
from responder.quota.notes import RULES, Note, What, about
from responder.quota.request import Request
from tests.quota.values import a_request

_bytes = st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b""))
_what: st.SearchStrategy[What] = st.sampled_from(["defer", "reject", "hold", "warning", "suspend"])


@given(_what, _bytes, _bytes, st.sampled_from(["sender", "sasl-user | sender", "sender-domain", "sasl-user + sender"]))
def test_a_line_is_about_those_whom_it_counts_against(what: What, sender: bytes, user: bytes, key: str) -> None:
    """And about nobody else but the sender, his domain and who logged in."""
    request: Request = a_request() | {b"sender": sender, b"sasl_username": user}
    counted = keys.compiled(key)(request) or ""
    line = (
        f"Jul 17 03:12:45 mx responder-policyd[311]: {Note(what, 'q', counted, '1 message per 1d', 1, None, request)}"
    )
    mine = {keys.sender(request), keys.sender_domain(request), keys.sasl_user(request), *counted.split(" + ")}

    found = about(line)

    if len(sender) < 60 and len(user) < 60:  # what is longer may be cut when it is spelt out
        assert found == {name for name in mine if name}
    else:
        assert not found - {name for name in mine if name} or "..." in line


@given(st.text(max_size=300))
def test_any_other_line_is_about_nobody_or_is_read_without_harm(text: str) -> None:
    assert about(text) == frozenset() or "quota: " in text


def test_the_rules_are_those_that_are_shipped() -> None:
    assert set(RULES) < {rule.id for rule in library.load([library.shipped()], config.load(None).policies)}
