"""sendmail's makemap builds the access map from the lines, and looks up in it what the list says."""

import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.blacklist.export.lists import ASKED, ENTRIES, EXCLUSIONS, level_of, text
from tests.lab import unpacked


def run(name: str, *words: str | Path, stdin: str = "") -> str:
    program = unpacked.program(name)
    assert program
    done = subprocess.run(
        [program, "-C", "/dev/null", *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env=unpacked.environment(),
    )
    assert f"{name}:" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the map, and return what it holds."""
    if problem := unpacked.missing("makemap"):
        pytest.skip(problem)
    path = tmp_path_factory.mktemp("sendmail") / "access.db"
    run("makemap", "hash", path, stdin=text("sendmail", ENTRIES, EXCLUSIONS))
    return dict(line.split("\t", 1) for line in run("makemap", "-u", "hash", path).splitlines())


def keys(address: str) -> list[str]:
    """Return what sendmail looks up about a client, one after the other."""
    if ":" in address:
        words = [f"{int(word, 16):x}" for word in ip_address(address).exploded.split(":")]
        return [f"connect:ipv6:{':'.join(words[:count])}" for count in range(8, 0, -1)]
    parts = address.split(".")
    return [f"connect:{'.'.join(parts[:count])}" for count in range(4, 0, -1)]


def test_clients_are_found_that_are_listed(access: dict[str, str]) -> None:
    """The longest part that is there decides; SKIP ends the search."""
    said = [one for one in ENTRIES if one.subject.value != "2001:db8:a000::/35"]  # ends within a word
    for address in ASKED:
        verdict = next((access[key] for key in keys(address) if key in access), "")
        assert verdict.startswith('ERROR:5.7.1:"550 ') is (level_of(address, said, EXCLUSIONS) is not None), address


def test_senders_are_found_that_are_listed(access: dict[str, str]) -> None:
    """Addresses and domains, in quotes that nothing in a reason ends."""
    assert access["from:spammer@mail.example"] == 'ERROR:5.7.1:"550 3 reports"'
    assert access["from:spam.example"] == 'ERROR:5.7.1:"550 3 reports"'
    assert access["from:good.spam.example"] == "SKIP"
    assert access["connect:192.0.2.5"] == "ERROR:5.7.1:\"550 5 'reports'  since  May\""
