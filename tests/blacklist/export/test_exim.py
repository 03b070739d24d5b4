"""A real Exim finds in its lists what the list says, and refuses a listed host."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blacklist.export.lists import ASKED, ENTRIES, EXCLUSIONS, level_of, text
from tests.lab import unpacked

CONFIG = """
exim_path = /bin/false
spool_directory = {folder}
log_file_path = {folder}/%slog
acl_smtp_connect = connecting
acl_smtp_mail = from
begin acl
connecting:
  deny hosts   = net-iplsearch;{folder}/exim-hosts
       message = $host_data
  accept
from:
  deny senders = lsearch*@;{folder}/exim-senders
       message = $sender_data
  accept
"""
IN_ITS_OWN_PASSWD = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"'


class Exim:
    """Debian's exim4 with two lists of ours; it insists on a user of its own, who is known in its own mounts only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for form in ("exim-hosts", "exim-senders"):
            (folder / form).write_text(text(form, ENTRIES, EXCLUSIONS))
        (folder / "exim.conf").write_text(CONFIG.format(folder=folder))
        for file, line in (
            ("passwd", "Debian-exim:x:64990:64990::/:\n"),
            ("group", "Debian-exim:x:64990:\n"),
        ):
            (folder / file).write_text(Path("/etc", file).read_text() + line)

    def run(self, *words: str, stdin: str = "") -> str:
        exim = unpacked.program("exim4")
        assert exim
        enter = ["unshare", "--mount", "--", "sh", "-c", IN_ITS_OWN_PASSWD, "sh"]
        files = [str(self.folder / file) for file in ("passwd", "group")]
        command = [*enter, *files, str(exim), "-C", str(self.folder / "exim.conf"), *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, env=unpacked.environment()
        )
        assert "failed to" not in done.stderr, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    if problem := unpacked.missing("exim4"):
        pytest.skip(problem)
    if os.geteuid() != 0:
        pytest.skip("mounts of its own need root")
    with tempfile.TemporaryDirectory(prefix="rsp-exim-") as folder:
        Path(folder).chmod(0o755)  # it gives up root
        yield Exim(Path(folder))


def test_hosts_are_found_that_are_listed(exim: Exim) -> None:
    """Both families, networks cut around what is excluded."""
    ask = [f"${{if match_ip{{{address}}}{{net-iplsearch;{exim.folder}/exim-hosts}}{{yes}}{{no}}}}" for address in ASKED]
    found = exim.run("-be", *ask).splitlines()
    assert found == ["yes" if level_of(address, ENTRIES, EXCLUSIONS) else "no" for address in ASKED]


def test_senders_are_found_that_are_listed(exim: Exim) -> None:
    """By address, and by domain."""
    asked = ("spammer@mail.example", "x@spam.example", "x@shop.test", "x@mail.example", "x@other.test")
    ask = [f"${{lookup{{{one}}}lsearch*@{{{exim.folder}/exim-senders}}{{$value}}{{no}}}}" for one in asked]
    assert exim.run("-be", *ask).splitlines() == ["3 reports", "3 reports", "3 reports", "no", "no"]


@pytest.mark.parametrize(
    ("host", "sender", "said"),
    [
        ("192.0.2.5", "x@other.test", '550 5 "reports"; since $May'),
        ("2001:db8:bad:7::9", "x@other.test", "550 3 reports"),
        ("198.51.101.7", "x@spam.example", "550 3 reports"),
        ("198.51.101.7", "x@other.test", "250 OK"),
    ],
)
def test_a_session_ends_as_the_lists_say(exim: Exim, host: str, sender: str, said: str) -> None:
    """Told why, in the words of the list."""
    out = exim.run("-bh", host, stdin=f"HELO x.test\nMAIL FROM:<{sender}>\nQUIT\n")
    assert said in out
