"""A piece matches what the programs write, and nothing that reaches out of its place."""

import pytest
import regex

from responder.detect.pieces import expand


def matches(piece: str, text: str) -> bool:
    return regex.fullmatch(expand(f"<{piece}>"), text, regex.ASCII) is not None


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ("host", "host7.example.net"), ("host", "192.0.2.7"), ("host", "2001:db8::66"),
        ("host", "under_score.example.net"), ("host", "bob@host7.example.net"), ("host", "x#1%2@host7.example.net"),
        ("account", "bob"), ("account", "www-data"), ("account", "bob@example.org"), ("account", "machine$"),
        ("path", "/usr/share/horde/login.php"),
    ],
)  # fmt: skip
def test_a_piece_matches_what_programs_write(piece: str, text: str) -> None:
    """Names as the resolver and useradd let them through, files of our own."""
    assert matches(piece, text)


@pytest.mark.parametrize("hostile", [" ", "[", "]", "(", ")", "<", ">", '"', ",", ";", "=", "{", "\n", "ö", ""])
@pytest.mark.parametrize("piece", ["host", "account", "path"])
def test_a_piece_ends_where_its_program_ends_it(piece: str, hostile: str) -> None:
    """Blanks, brackets, quotation marks, commas: with these a name could imitate what stands around it."""
    assert not matches(piece, f"/x{hostile}x" if hostile else "")
