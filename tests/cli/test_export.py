"""``responder export``: a list in, a file or standard output out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from responder.blacklist.export.formats import FORMATS
from tests.blacklist.export.lists import ENTRIES, EXCLUSIONS, text
from tests.cli.command import Command


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Return a file with entries that end in the year 2105."""
    path = tmp_path / "list.jsonl"
    path.write_text(text("json", [one._replace(until=4.28e9) for one in ENTRIES], EXCLUSIONS))
    return path


def test_the_formats_are_listed(responder: Command) -> None:
    """With what they hold, and the options that each heeds; for programs too."""
    said = responder("export", "--list")
    assert said.status == 0
    for name, form in FORMATS.items():
        assert name in said.out
        assert form.title in said.out
    found = responder("export", "--list", "--json").json
    assert [row["name"] for row in found["formats"]] == list(FORMATS)
    assert found["formats"][-1]["holds"] == ["address", "network", "email", "domain", "url"]
    assert set(found["options"]) >= {option for row in found["formats"] for option in row["options"]}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_printed(responder: Command, listed: Path, form: str) -> None:
    """To standard output, with nothing else beside it."""
    needed = ("--set", "nameservers=ns1.example.org,ns2.example.org") if form.startswith("bind") else ()
    said = responder("export", form, "--from", listed, *needed)
    assert said.status == 0
    assert said.out.count("\n") > 3


def test_what_is_exported_can_be_exported_again(responder: Command, listed: Path, tmp_path: Path) -> None:
    """From standard input, too; the rows are the same."""
    once = responder("export", "json", "--from", listed).out
    assert responder("export", "json", "--from", "-", stdin=once).out.split("\n")[1:] == once.split("\n")[1:]
    assert once.split("\n")[1:] == listed.read_text().split("\n")[1:]


def test_a_choice_is_made_by_words(responder: Command, listed: Path) -> None:
    """Level, kind, family, size, category, age."""

    def lines(*words: str) -> list[str]:
        return responder("export", "plain", "--from", listed, *words).out.splitlines()[1:]

    assert lines("--kind", "email", "--kind", "url") == ["spammer@mail.example", "https://www.example/buy"]
    assert "shop.test" in lines("--level", "moderate")
    assert "shop.test" not in lines("--level", "strict")
    assert lines("--family", "6", "--kind", "address", "--level", "strict") == ["2001:db8:1:2:3:4:5:6"]
    assert lines("--kind", "network", "--bits-v4", "28", "--bits-v6", "60-128", "--level", "moderate") == [
        "203.0.113.16/28",
        "2001:db8:bad:7::/64",
    ]
    assert lines("--category", "malware") == []
    assert lines("--max-age", "1s") == []


def test_options_are_set_by_words(responder: Command, listed: Path) -> None:
    """Texts, numbers, yes and no, several values; and what stands in braces."""
    words = ("nameservers=ns1.example.org", "codes=127.0.0.5,127.0.0.6,127.0.0.7", "nested=no", "ttl=60")
    out = responder(
        "export", "rbldnsd-ip4set", "--from", listed, "--set", "text=see https://x.example/{value}",
        *(part for word in words for part in ("--set", word)),
    ).out  # fmt: skip
    assert "$NS 60 ns1.example.org\n" in out
    assert "192.0.2.5 :127.0.0.7:see https://x.example/192.0.2.5\n" in out
    assert "127.0.0.5:see https://x.example/192.0.2.5" not in out


def test_a_file_is_kept(responder: Command, listed: Path, tmp_path: Path) -> None:
    """Written where it differs, left alone where it does not; for people and for programs."""
    path = tmp_path / "clients"
    words = ("export", "postfix-client", "--from", listed, "--output", path)
    assert responder(*words).out == f"{path}: written, 15 entries, 1 left out that it cannot say\n"
    assert responder(*words).out == f"{path}: unchanged, 15 entries, 1 left out that it cannot say\n"
    (result,) = responder(*words, "--json").json
    assert result["output"] == str(path)
    assert (result["changed"], result["entries"], result["error"]) == (False, 15, "")


def test_all_exports_of_the_settings_are_written(responder: Command, listed: Path, tmp_path: Path) -> None:
    """One that fails keeps none of the others from it; the status says that there was one."""
    responder.configure(f"""
[[export]]
format = "plain"
output = "{tmp_path}/nowhere/plain"

[[export]]
format = "rbldnsd-ip4set"
output = "{tmp_path}/ip4set"
level = "strict"
bits_v4 = [24, 32]
options = {{ nameservers = ["ns1.example.org"], codes = {{ strict = "127.0.0.8" }} }}
reload = ["{sys.executable}", "-ISc", "open('{tmp_path}/told', 'w')"]
""")
    said = responder("export", "--all", "--from", listed)
    assert said.status == 1
    assert said.out.splitlines()[0].startswith(f"{tmp_path}/nowhere/plain: failed, 0 entries: [Errno 2]")
    assert said.out.splitlines()[1] == f"{tmp_path}/ip4set: written, 4 entries"
    assert "127.0.0.8" in (tmp_path / "ip4set").read_text()
    assert (tmp_path / "told").exists()
    assert responder("check").status == 0
    assert responder("export", "--all", "--from", "-").status == 2


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("export", "plain", "--all"),
        ("export", "--list", "--all"),
        ("export", "bindd"),
        ("export", "--all", "--level", "strict"),
        ("export", "plain", "--kind", "planet"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_status_2(responder: Command, words: tuple[str, ...]) -> None:
    """With the usage."""
    said = responder(*words)
    assert (said.status, said.out) == (2, "")
    assert "Usage: responder export" in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("bind-ip4",), "a zone needs a nameserver"),
        (("plain", "--set", "zone=a.example"), "plain has no option zone"),
        (("plain", "--set", "x=y"), "the options of plain are none"),
        (("plain", "--set", "zone"), "write OPTION=VALUE"),
        (("rpz", "--set", "ttl=soon"), "ttl"),
        (("bind-ip4", "--set", "nested=perhaps"), "nested"),
        (("plain", "--max-age", "soon"), "no duration"),
        (("plain", "--bits-v4", "x"), "write 16-32"),
        (("plain", "--from", "/nowhere/list"), "/nowhere/list"),
        (("--all",), "there is no [[export]]"),
    ],
    ids=str,
)
def test_words_that_do_not_fit_are_status_64(responder: Command, words: tuple[str, ...], why: str) -> None:
    """With what would be right."""
    said = responder("export", *words)
    assert (said.status, said.out) == (64, "")
    assert why in said.err
    assert "Traceback" not in said.err


def test_a_list_out_of_order_is_refused(responder: Command, listed: Path, tmp_path: Path) -> None:
    """By value, for order is what lets it be read as it is written; so is one whose exclusions come late."""
    head, *rows = listed.read_text().splitlines()
    entries = [row for row in rows if "excluded" not in row]
    excluded = [row for row in rows if "excluded" in row]
    for mixed, why in (
        ([head, *reversed(entries)], "comes twice or too late"),
        ([head, entries[0], entries[0]], "comes twice or too late"),
        ([head, *entries, *excluded], "is excluded, but stands below"),
        ([head, entries[0], "{"], "line 3"),
    ):
        listed.write_text("\n".join(mixed))
        said = responder("export", "plain", "--from", listed, "--output", tmp_path / "out")
        assert said.status == 1
        assert why in said.out
        assert not (tmp_path / "out").exists()


def test_two_exports_into_one_file_are_refused(responder: Command) -> None:
    """Each would undo the other."""
    responder.configure('[[export]]\nformat = "plain"\noutput = "/tmp/x"\n' * 2)
    said = responder("check")
    assert said.status == 78
    assert "two exports write /tmp/x" in said.err


def test_a_reader_that_has_seen_enough_is_no_error(listed: Path) -> None:
    """``responder export plain | head`` ends quietly."""
    command = f"{sys.executable} -m responder --config /dev/null export plain --from {listed} | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    assert (done.stderr, done.stdout) == ("", "#")


def test_json_is_one_object_a_line(responder: Command, listed: Path) -> None:
    """With when it was made and the serial number first."""
    head, *rows = map(json.loads, responder("export", "json", "--from", listed).out.splitlines())
    assert set(head) == {"list", "made", "serial"}
    assert rows[-1]["value"] == "https://www.example/buy"
