"""Postfix's protocol is read to the letter, and whatever else comes breaks one connection and nothing more."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.quota.request import LONGEST, Parser, Request, encode
from tests.quota.values import a_request, wire

NAMES = st.from_regex(rb"[a-z_]{1,20}", fullmatch=True).filter(lambda name: name != b"request")
VALUES = st.binary(max_size=60).map(lambda value: value.replace(b"\n", b""))
REQUESTS = st.dictionaries(NAMES, VALUES, max_size=8).map(lambda more: {b"request": b"smtpd_access_policy", **more})


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


def read(pieces: list[bytes]) -> tuple[list[Request], str]:
    parser = Parser()
    return [request for piece in pieces for request in parser.feed(piece)], parser.broken


@given(st.lists(REQUESTS, max_size=5), st.lists(st.integers(min_value=0), max_size=10))
def test_requests_are_the_same_however_they_are_cut(requests: list[Request], places: list[int]) -> None:
    """Pipelined, in pieces of a byte, with values of any bytes: what was sent is what is read."""
    data = b"".join(map(wire, requests))

    assert read(cut(data, places)) == (requests, "")


ANYTHING = st.lists(st.one_of(st.binary(max_size=40), REQUESTS.map(wire), st.sampled_from([b"\n", b"\n\n", b"a=b\n"])))


@given(ANYTHING.map(b"".join), st.lists(st.integers(min_value=0), max_size=10))
def test_any_bytes_read_the_same_however_they_are_cut(data: bytes, places: list[int]) -> None:
    """Nothing is raised, and where the connection breaks does not depend on the pieces."""
    assert read(cut(data, places)) == read([data])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\n", "empty request"),
        (b"\n\n", "empty request"),
        (b"GET / HTTP/1.0\r\n\r\n\n\n", "without ="),
        (b"request=junk_policy\n\n", "no smtpd_access_policy"),
        (b"sender=a@b.test\n\n", "no smtpd_access_policy"),
        (b"x" * (LONGEST + 1), "more than"),
        (b"request=smtpd_access_policy\nhelo_name=" + b"x" * LONGEST + b"\n\n", "more than"),
    ],
)
def test_what_is_no_request_breaks_the_connection(data: bytes, why: str) -> None:
    """What came whole before it is still answered; nothing after it is read."""
    good = a_request()
    parser = Parser()

    assert parser.feed(wire(good) + data) == [good]
    assert why in parser.broken
    assert parser.feed(wire(good)) == []


def test_values_may_hold_what_names_may_not() -> None:
    """An equals sign, nothing, and bytes that are no text."""
    request = a_request(stress="", ccert_subject="CN=a=b") | {b"helo_name": b"\xff\x00\r"}

    assert read([wire(request)]) == ([request], "")


@given(st.text(max_size=10_000))
def test_an_answer_is_one_line_whatever_it_says(text: str) -> None:
    """Nothing handed in can end it early, add another, or be longer than Postfix takes."""
    answer = encode(text)

    assert answer.startswith(b"action=")
    assert answer.endswith(b"\n\n")
    assert answer.count(b"\n") == 2
    assert b"\r" not in answer
    assert len(answer) <= 8192
