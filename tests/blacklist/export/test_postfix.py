"""Postfix's own lookups find in each table what the list says, and a real Postfix refuses who is listed."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.blacklist.export.exporting import export_one
from responder.settings.export import ExportSettings
from tests.blacklist.export.lists import ASKED, ENTRIES, EXCLUSIONS, NOW, entry, level_of, ordered, subject, text
from tests.lab import network, postfix
from tests.lab.smtp import probe, rapid

REFUSED = "listed: see https://rbl.example.org/{value}"
CLIENTS = [
    entry("198.18.66.0/24"),
    entry("198.19.1.7"),
    entry("2001:db8:66:1::/64"),
    entry("2001:db8:66:2::7"),
]
ALLOWED = ("198.18.66.200", "198.19.1.8")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("postmap"):
        pytest.skip("Postfix is not installed")
    folder = tmp_path_factory.mktemp("postfix")
    (folder / "main.cf").write_text("compatibility_level = 3.6\nmyhostname = mx.example.org\n")
    return folder


def lookup(config: Path, table: str, keys: list[str]) -> dict[str, str]:
    """Ask postmap for *keys*, and return what it found; nothing is warned about."""
    words = ["postmap", "-c", str(config), "-q", "-", table]
    done = subprocess.run(words, input="\n".join(keys), capture_output=True, text=True, check=False)
    assert "warning" not in done.stderr, done.stderr
    return dict(line.split("\t", 1) if "\t" in line else line.split(maxsplit=1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(("form", "verdict"), [("postfix-cidr", "REJECT "), ("postscreen", "reject")])
def test_a_cidr_table_finds_who_is_listed(config: Path, form: str, verdict: str) -> None:
    """Addresses of both families; exclusions go on to the next restriction."""
    table = config / form
    table.write_text(text(form, ENTRIES, EXCLUSIONS))
    found = lookup(config, f"cidr:{table}", list(ASKED))
    for address in ASKED:
        refused = found.get(address, "").startswith(verdict)
        assert refused is (level_of(address, ENTRIES, EXCLUSIONS) is not None), address


def test_an_indexed_map_is_built_beside_and_finds_who_is_listed(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As smtpd looks up: the address, then cut shorter at each dot or colon."""
    monkeypatch.setenv("MAIL_CONFIG", str(config))
    table = tmp_path / "client"
    settings = ExportSettings.model_validate(
        {"format": "postfix-client", "output": str(table), "options": {"map": "hash"}}
    )
    results = [export_one(settings, ENTRIES, [subject(one) for one in EXCLUSIONS], NOW) for _ in range(2)]
    assert [(one.changed, one.error) for one in results] == [(True, ""), (False, "")]
    assert not list(tmp_path.glob(".*new*"))

    keys = {address: cut_shorter(address) for address in ASKED}
    found = lookup(config, f"hash:{table}", sorted({key for some in keys.values() for key in some}))
    said = [one for one in ENTRIES if one.subject.value != "2001:db8:a000::/35"]  # ends within a word
    for address, some in keys.items():
        verdict = next((found[key] for key in some if key in found), "DUNNO")
        assert verdict.startswith("REJECT") is (level_of(address, said, EXCLUSIONS) is not None), address
    assert results[0].left_out == 1

    (tmp_path / "client.db").unlink()
    assert export_one(settings, ENTRIES, [subject(one) for one in EXCLUSIONS], NOW).changed
    assert (tmp_path / "client.db").exists()


def cut_shorter(address: str) -> list[str]:
    sign = ":" if ":" in address else "."
    keys = [address]
    while sign in keys[-1]:
        keys.append(keys[-1].rpartition(sign)[0])
    return keys


def test_a_sender_map_finds_addresses_and_domains(config: Path, tmp_path: Path) -> None:
    """And what is below them, by the dot before the name."""
    (tmp_path / "sender").write_text(text("postfix-sender", ENTRIES, EXCLUSIONS, action="550 5.7.1"))
    subprocess.run(["postmap", "-c", config, f"hash:{tmp_path / 'sender'}"], check=True)
    keys = ["spammer@mail.example", "spam.example", ".spam.example", "shop.test", "friend@shop.test", "x@mail.example"]
    found = lookup(config, f"hash:{tmp_path / 'sender'}", [*keys, ".good.spam.example"])
    assert found == {
        "spammer@mail.example": "550 5.7.1 3 reports",
        "spam.example": "550 5.7.1 3 reports",
        ".spam.example": "550 5.7.1 3 reports",
        "shop.test": "550 5.7.1 3 reports",
        "friend@shop.test": "DUNNO",
        ".good.spam.example": "DUNNO",
    }


@pytest.fixture(scope="module")
def server(net: network.Network, config: Path) -> Iterator[postfix.Postfix]:
    if problem := postfix.missing():
        pytest.skip(problem)
    folder = Path(tempfile.mkdtemp(prefix="rsp-tables-"))
    folder.chmod(0o755)
    for form in ("postfix-cidr", "postfix-client", "postscreen"):
        options = {} if form == "postscreen" else {"text": REFUSED}
        (folder / form).write_text(text(form, ordered(CLIENTS), ALLOWED, **options))
    subprocess.run(["postmap", "-c", config, f"hash:{folder / 'postfix-client'}"], check=True)
    settings = {
        "smtpd_client_restrictions": f"check_client_access cidr:{folder / 'postfix-cidr'}",
        "postscreen_access_list": f"cidr:{folder / 'postscreen'}",
        "postscreen_blacklist_action": "enforce",
        "postscreen_greet_wait": "1s",
        "postscreen_dnsbl_sites": "",
    }
    indexed = f"smtpd_client_restrictions=check_client_access,hash:{folder / 'postfix-client'}"
    services = (
        f"2525 inet n - n - - smtpd -o {indexed}",
        "2526 inet n - n - 1 postscreen",
        "smtpd pass - - n - - smtpd -o smtpd_client_restrictions=",
        "dnsblog unix - - n - 0 dnsblog",
        "tlsproxy unix - - n - 0 tlsproxy",
    )
    net.att.add_addresses("198.19.1.7", "198.19.1.8", "2001:db8:66:2::7", "2001:db8:66:2::8")
    with postfix.Postfix(net.srv, settings=settings, services=services) as running:
        yield running
    shutil.rmtree(folder)


@pytest.mark.kernel
@pytest.mark.parametrize("port", [25, 2525, 2526], ids=["cidr", "indexed", "postscreen"])
def test_a_real_postfix_refuses_who_is_listed_and_nobody_else(
    net: network.Network, server: postfix.Postfix, port: int
) -> None:
    """By network, by address, in both families; the excluded address in a listed network gets in."""
    asked = [("198.18.66.1", False), ("198.19.1.7", False), ("198.19.1.8", True)]
    asked6 = [("2001:db8:66:1::1", False), ("2001:db8:66:2::7", False), ("2001:db8:66:2::8", True)]
    for address, some in ((net.srv.ipv4, asked), (net.srv.ipv6, asked6)):
        answers = rapid(net.att, address, [(source, "ok@example.org") for source, _ in some], port=port)
        assert [answer.what for answer in answers] == ["accepted" if in_ else "refused" for _, in_ in some]
    assert probe(net.good, net.srv.ipv4, "ok@example.org", port=port).what == "accepted"


@pytest.mark.kernel
def test_the_client_is_told_why(net: network.Network, server: postfix.Postfix) -> None:
    """In the words of the template."""
    assert "see https://rbl.example.org/198.18.66.0/24" in probe(net.att, net.srv.ipv4, "ok@example.org").text
