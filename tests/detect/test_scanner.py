"""Both scanners find the same literals."""

from hypothesis import given
from hypothesis import strategies as st

from responder.detect.scanner import HyperscanScanner, PlainScanner, fastest

LITERALS = st.lists(st.text("ab:\u00e4\x00[\\", min_size=1, max_size=4).map(str.encode), max_size=6, unique=True)
DATA = st.lists(st.sampled_from(list(b"ab:[\\\n\x00\r\xc3\xa4\xff")), max_size=80).map(bytes)


@given(LITERALS, DATA)
def test_both_scanners_find_the_same(literals: list[bytes], data: bytes) -> None:
    """Every place where a literal ends, in the order of the ends, whatever bytes there are."""
    brute = sorted(
        (end, number)
        for number, literal in enumerate(literals)
        for end in range(len(data) + 1)
        if data[:end].endswith(literal)
    )

    assert PlainScanner(literals).scan(data) == brute
    assert HyperscanScanner(literals).scan(data) == brute


@given(st.integers(1, 40), st.integers(0, 200))
def test_long_literals_and_long_data_make_no_difference(length: int, before: int) -> None:
    """An automaton has seams: at words of the processor, at blocks of its input."""
    literals = [b"x" * length, b"y" + b"x" * length, b"xy", b"x" * 9 + b"y"]
    data = (b"." * before + b"x" * length + b"y" + b"x" * (length + 3)) * 5

    assert HyperscanScanner(literals).scan(data) == PlainScanner(literals).scan(data)


def test_this_machine_has_the_scanner_whose_cost_does_not_grow() -> None:
    """Else the tests above compared nothing."""
    assert isinstance(fastest([b"failed"]), HyperscanScanner)
