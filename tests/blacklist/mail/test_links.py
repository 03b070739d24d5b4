"""What a reader of a mail would see and click is found, plain, in HTML, and made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.mail.links import find
from responder.blacklist.mail.message import Part


def found(text: str, kind: str = "text/plain") -> set[tuple[str, str]]:
    return {(link.kind, link.text) for link in find(Part(kind, "", text))}


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see http://spam.example/a?b=c&d=e.", ("url", "http://spam.example/a?b=c&d=e")),
        ("(https://spam.example/a)", ("url", "https://spam.example/a")),
        ("https://spam.example/a_(b)", ("url", "https://spam.example/a_(b)")),
        ("<http://spam.example>", ("url", "http://spam.example")),
        ("http://192.0.2.7:8080/x", ("url", "http://192.0.2.7:8080/x")),
        ("http://[2001:db8::7]/x", ("url", "http://[2001:db8::7]/x")),
        ("hxxp://spam[.]example/a", ("url", "http://spam.example/a")),
        ("hXXps[:]//www(.)spam{.}example/a", ("url", "https://www.spam.example/a")),
        ("http[://]spam[dot]example", ("url", "http://spam.example")),
        ("h**p://spam\\.example/", ("url", "http://spam.example/")),
        ("go to www.spam.example/x, now", ("url", "http://www.spam.example/x")),
        ("it is spam[.]example again", ("domain", "spam.example")),
        ("write to koko@spam.example.", ("email", "koko@spam.example")),
        ("write to koko [at] spam [dot] example!", ("email", "koko@spam.example")),
        ("http://spämmer.example/ü", ("url", "http://spämmer.example/ü")),
        ("http://sp\u200bam.exam\u00adple/a\x1b[2J", ("url", "http://spam.example/a")),
    ],
)
def test_a_link_in_a_text_is_found(text: str, link: tuple[str, str]) -> None:
    assert link in found(text)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ('<a href="http://spam.example/a?b&amp;c">x</a>', ("url", "http://spam.example/a?b&c")),
        ("<A HREF = 'https://spam.example/'>x</A>", ("url", "https://spam.example/")),
        ("<img src=http://spam.example/pixel.gif>", ("url", "http://spam.example/pixel.gif")),
        ("<a href='//spam.example/x'>", ("url", "https://spam.example/x")),
        ("<a href=' h&#116;tp://spam.example/ '>", ("url", "http://spam.example/")),
        ("<a href='http://spam.\nexample/x'>", ("url", "http://spam.example/x")),
        ("<form action='https://spam.example/post'>", ("url", "https://spam.example/post")),
        ("<a href='mailto:koko@spam.example?subject=x'>", ("email", "koko@spam.example")),
        ("visit <b>www.spam.example/x</b>", ("url", "http://www.spam.example/x")),
        ("<a href='http://spam&#8203;.example/x'>", ("url", "http://spam.example/x")),
        ("mail koko&#64;spam.example", ("email", "koko@spam.example")),
    ],
)
def test_a_link_in_html_is_found(text: str, link: tuple[str, str]) -> None:
    assert link in found(text, "text/html")


@pytest.mark.parametrize(
    "text",
    ["setup.py and a.b.c", "1.5 or 2.0", "at 10:30", "xhttp", "http://", "@example.org", "user@", "a@b", "[.]", "x[.]"],
)
def test_a_text_without_links_has_none(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "<!-- http://spam.example/ -->",
        "<!-- <a href='http://spam.example/'>http://spam.example/</a> -->",
        '<p data-x="http://spam.example/">',
        '<html xmlns="http://www.w3.org/1999/xhtml">',
        "<a href='javascript:alert(1)'>",
        "<a href='#top'>",
        "<a href='/relative'>",
    ],
)
def test_what_no_reader_sees_is_no_link(text: str) -> None:
    assert found(text, "text/html") == set()


def test_a_number_that_no_character_has_is_no_trouble() -> None:
    """Python's own reader raises on numbers of thousands of digits."""
    assert found("&#" + "9" * 5000 + ";http://spam.example/", "text/html") == {("url", "http://spam.example/")}


_WORDS = r"""<a href= ' " http:// hxxp[:]// spam.example [.] (at) @ &# 99999999999999999999999999 ; <!-- --> < > www. /
é mailto: &amp; \. [dot]"""
FRAGMENTS = st.sampled_from((*_WORDS.split(), " ", "\n", "\0", "\ud800"))


@given(
    st.lists(FRAGMENTS | st.text(max_size=5), max_size=50).map("".join), st.sampled_from(["text/plain", "text/html"])
)
def test_any_text_can_be_read(text: str, kind: str) -> None:
    for link in find(Part(kind, "", text)):
        assert link.text
        assert not set(link.text) & set(" \n<>") or link.kind == "email"


@pytest.mark.parametrize(
    "fragment", ["<", "<!--", "href=\"href='", "http://", "a@", "a=", "a.", "www.a", "[.]", "&#", "href='"]
)
def test_repetition_costs_no_more_than_its_length(fragment: str) -> None:
    """A quadratic search would take minutes for each of these."""
    found(fragment * (2**18 // len(fragment)), "text/html")
