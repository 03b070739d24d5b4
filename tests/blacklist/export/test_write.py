"""A file is replaced as a whole and only where the list differs; what its readers rely on never goes wrong for good."""

import hashlib
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.export import reload
from responder.blacklist.export.exporting import Result, export_one
from responder.blacklist.export.formats import FORMATS
from responder.blacklist.export.head import Head, next_serial, read_stamp
from responder.blacklist.values import Entry
from responder.errors import StoreError
from responder.settings.export import ExportOptions, ExportSettings
from tests.blacklist.export.lists import ENTRIES, EXCLUSIONS, NOW, entry, subject
from tests.lab.wait import until

DAY = 86400.0


class Kept:
    """One export into a folder, run again and again."""

    def __init__(self, folder: Path, form: str = "rbldnsd-ip4set", **more: object) -> None:
        self.path = folder / "list"
        data: dict[str, object] = {"format": form, "output": str(self.path), **more}
        if form.startswith(("bind", "rbldnsd")):
            data["options"] = {"nameservers": ["ns1.example.org"]} | dict(more.get("options", {}))  # type: ignore[call-overload]
        self.settings = ExportSettings.model_validate(data)

    def run(
        self, entries: Iterable[Entry] = ENTRIES, now: float = NOW, exclusions: Iterable[str] = EXCLUSIONS
    ) -> Result:
        return export_one(self.settings, entries, [subject(value) for value in exclusions], now)

    @property
    def sum_is_right(self) -> bool:
        said = self.path.with_name("list.sha256").read_text()
        return said == f"{hashlib.sha256(self.path.read_bytes()).hexdigest()}  list\n"


@pytest.mark.parametrize("form", FORMATS)
def test_an_unchanged_list_leaves_the_file_alone(tmp_path: Path, form: str) -> None:
    """A later time alone, in the stamp and in the serial number, is no change."""
    kept = Kept(tmp_path, form)
    first = kept.run()
    before = kept.path.stat()

    second = kept.run(now=NOW + 500)
    after = kept.path.stat()

    assert (first.error, second.error) == ("", "")
    assert (first.changed, second.changed) == (True, False)
    assert first.serial == second.serial or form == "csv"
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert kept.sum_is_right
    assert {path.name for path in tmp_path.iterdir()} <= {"list", "list.sha256", ".list.export"}


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_list_replaces_the_file(tmp_path: Path, form: str) -> None:
    """With a greater serial number and a new checksum, for readers of the old one undisturbed."""
    kept = Kept(tmp_path, form)
    first = kept.run()
    with kept.path.open() as reader:
        second = kept.run(entries=[], now=NOW + 500)
        assert len(reader.read()) == first.size

    assert second.changed
    assert second.serial > first.serial or form == "csv"
    assert second.size < first.size
    assert kept.sum_is_right


def test_a_change_of_one_letter_is_a_change(tmp_path: Path) -> None:
    """Though the file is as long as before."""
    kept = Kept(tmp_path)
    kept.run([entry("192.0.2.5"), entry("192.0.2.7")])
    assert kept.run([entry("192.0.2.5"), entry("192.0.2.8")]).changed


def test_other_options_are_a_change(tmp_path: Path) -> None:
    """A nameserver stands in the top, and counts."""
    Kept(tmp_path).run()
    assert Kept(tmp_path, options={"nameservers": ["ns2.example.org"]}).run().changed


def test_mode_owner_and_links_stay(tmp_path: Path) -> None:
    """What the administrator gave the file, its replacement has; a link goes on pointing to it."""
    real = Kept(tmp_path)
    real.run()
    assert real.path.stat().st_mode & 0o777 == 0o644
    real.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real.path, 12345, 54321)
    link = tmp_path / "elsewhere"
    link.symlink_to(real.path)
    linked = ExportSettings.model_validate(real.settings.model_dump(exclude_defaults=True) | {"output": str(link)})

    assert export_one(linked, [], [], NOW).changed

    status = real.path.stat()
    assert link.is_symlink()
    assert status.st_mode & 0o777 == 0o640
    assert os.geteuid() != 0 or (status.st_uid, status.st_gid) == (12345, 54321)


def test_trouble_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    """Nothing is seen of a list that broke off, and nothing is left of it."""

    def broken() -> Iterable[Entry]:
        yield ENTRIES[0]
        raise StoreError("the database went away")

    kept = Kept(tmp_path)
    kept.run()
    before = kept.path.read_bytes()

    result = kept.run(entries=broken())

    assert result.error == "the database went away"
    assert not result.changed
    assert kept.path.read_bytes() == before
    assert not (tmp_path / ".list.new").exists()


def test_a_folder_that_is_not_there_is_an_error_in_the_result(tmp_path: Path) -> None:
    """So that other exports go on."""
    assert "No such file" in Kept(tmp_path / "nowhere").run().error


def test_what_a_crash_left_is_mended(tmp_path: Path) -> None:
    """Half a draft is written over, a wrong checksum is put right though the list is unchanged."""
    kept = Kept(tmp_path)
    (tmp_path / ".list.new").write_text("half")
    kept.run()
    (tmp_path / "list.sha256").write_text("0  list\n")

    assert not kept.run(now=NOW + 5).changed
    assert kept.sum_is_right


def test_a_foreign_file_is_replaced(tmp_path: Path) -> None:
    """And what is beside it, if it cannot be read, is forgotten."""
    kept = Kept(tmp_path)
    kept.path.write_text("something else\n")
    (tmp_path / ".list.export").write_text("[")

    assert kept.run().changed


def test_the_serial_number_grows_when_the_clock_goes_back(tmp_path: Path) -> None:
    """Also where the file itself is gone: it is kept beside it."""
    kept = Kept(tmp_path, "bind-ip4")
    lasting = [entry("192.0.2.5")._replace(until=NOW + 4000 * DAY)]
    serials = [kept.run(entries=lasting, now=NOW + 400 * DAY).serial]
    serials.append(kept.run(entries=[], now=NOW).serial)
    kept.path.unlink()
    serials.append(kept.run(now=NOW - 400 * DAY).serial)

    assert serials == [2027070200, 2027070201, 2027070202]
    assert "( 2027070202 " in kept.path.read_text()


@given(st.integers(0, 2**32 - 1), st.floats(0, 4e9), st.sampled_from(["date", "epoch"]))
def test_a_serial_number_comes_after_the_last(last: int, now: float, style: str) -> None:
    """Around the circle of RFC 1982; nought, which means something else, is skipped."""
    serial = next_serial(last, now, style)
    assert 0 < serial < 2**32
    assert not last or 0 < (serial - last) % 2**32 < 2**31


@given(st.floats(0, 4e9), st.integers(1, 2**32 - 1), st.sampled_from(sorted(FORMATS)))
def test_a_stamp_is_read_back_from_every_top(made: float, serial: int, form: str) -> None:
    """By which the next run knows what was."""
    top = FORMATS[form].top(Head(made, serial, ExportOptions(nameservers=("ns1.example.org",))))
    assert read_stamp(top.encode()) == (float(int(made)), serial) or form == "csv"


def words(folder: Path, status: str) -> list[str]:
    """Return a command that notes each call in *folder*, and ends with what `status` holds."""
    (folder / "status").write_text(status)
    program = (
        "import sys; f = sys.argv[1]; open(f + '/calls', 'a').write('x'); sys.exit(open(f + '/status').read() or 0)"
    )
    return [sys.executable, "-ISc", program, str(folder)]


def test_a_reader_is_told_of_a_change_and_of_nothing_else(tmp_path: Path) -> None:
    """By an argument list that no shell sees."""
    kept = Kept(tmp_path, reload=words(tmp_path, ""))

    told = [kept.run().reloaded, kept.run(now=NOW + 5).reloaded, kept.run(entries=[]).reloaded]

    assert told == [True, False, True]
    assert (tmp_path / "calls").read_text() == "xx"


def test_a_reload_that_failed_is_owed(tmp_path: Path) -> None:
    """Told, with what it said; and run again next time, though nothing changed since."""
    kept = Kept(tmp_path, reload=words(tmp_path, "no server"))

    first, second = kept.run(), kept.run(now=NOW + 5)
    (tmp_path / "status").write_text("")
    third, fourth = kept.run(now=NOW + 10), kept.run(now=NOW + 15)

    assert first.changed
    assert first.error.endswith("ended with status 1: no server")
    assert (second.changed, second.reloaded, second.error) == (False, False, first.error)
    assert (third.changed, third.reloaded, third.error) == (False, True, "")
    assert not fourth.reloaded
    assert (tmp_path / "calls").read_text() == "xxx"


def test_a_crash_between_file_and_reload_owes_the_reload(tmp_path: Path) -> None:
    """The debt is written first."""
    kept = Kept(tmp_path, reload=words(tmp_path, ""))
    kept.run()
    memory = tmp_path / ".list.export"
    memory.write_text(memory.read_text().replace("false", "true"))

    assert kept.run(now=NOW + 5).reloaded


def test_a_reload_does_not_wait_for_ever(tmp_path: Path) -> None:
    """Neither for a program that hangs, nor for a daemon that it left behind with its output open."""
    hangs = [sys.executable, "-ISc", "import threading; threading.Event().wait()"]
    assert "took longer than 0.2 s" in reload.run(hangs, 0.2)
    children = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); open(sys.argv[1], 'w').write(str(p.pid))"
    reload.run([sys.executable, "-ISc", f"{children}; p.wait()", str(tmp_path / "pid")], 1)
    child = Path("/proc", (tmp_path / "pid").read_text(), "cmdline")
    until(lambda: not child.exists() or not child.read_bytes())
    leaves = [sys.executable, "-ISc", f"import subprocess; subprocess.Popen({['sleep', '9']!r})"]
    assert reload.run(leaves) == ""
    assert "cannot be run" in reload.run(["/nowhere/rndc"])


def test_many_at_once_do_not_mix(tmp_path: Path) -> None:
    """The daemon and an administrator who is impatient: one after the other, whoever is last."""
    kept = Kept(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: kept.run(ENTRIES[: number % 5]), range(40)))
    assert {result.error for result in results} == {""}
    assert kept.sum_is_right
    serials = [result.serial for result in results if result.changed]
    assert len(serials) == len(set(serials))


def test_nothing_is_left_out_silently(tmp_path: Path) -> None:
    """What the format cannot say is counted."""
    result = Kept(tmp_path, "postfix-sender").run([entry('"odd one"@mail.example'), entry("x@mail.example")])
    assert (result.entries, result.left_out) == (1, 1)
