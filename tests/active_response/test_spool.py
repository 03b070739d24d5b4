"""What is kept is kept whole, for the daemon alone, in order; or it is not there, and that is said."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from responder import active_response
from tests.active_response.execd import Ossec, Run
from tests.active_response.peer import Peer, answering
from tests.active_response.test_reading import TOKEN
from tests.enforce.users import NOBODY, as_user, common_folder
from tests.lab.disk import fill

STORM = 200


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kept_request_is_a_line_of_its_own_for_the_daemon_alone(ossec: Ossec) -> None:
    """Called by its token, readable to nobody else."""
    assert ossec.add("192.0.2.7") == Run(75)

    [path] = ossec.installed.spool.iterdir()
    line = path.read_text()
    assert path.name == f"{json.loads(line)['token']}.json"
    assert TOKEN.fullmatch(path.stem)
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert path.stat().st_mode & 0o7777 == 0o600


def test_a_strict_umask_does_not_hide_it_from_the_daemon(ossec: Ossec) -> None:
    """Whatever execd was started with."""
    process, mark = ossec.start("add", "-", "192.0.2.7", umask=0o777)
    assert ossec.finish(process, mark) == Run(75)

    [path] = ossec.installed.spool.iterdir()
    assert path.stat().st_mode & 0o7777 == 0o600


@pytest.mark.kernel
def test_what_root_keeps_belongs_to_the_owner_of_the_folder(ossec: Ossec) -> None:
    """The daemon is nobody special and must be able to read and remove it."""
    os.chown(ossec.installed.spool, NOBODY, NOBODY)

    assert ossec.add("192.0.2.7") == Run(75)

    [path] = ossec.installed.spool.iterdir()
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


@pytest.mark.kernel
def test_a_socket_that_we_may_not_use_is_as_good_as_none() -> None:
    """Who is not root keeps what he can keep, and says so where he cannot."""
    with common_folder() as folder:
        spool, control = folder / "spool", folder / "control.sock"
        spool.mkdir()
        os.chown(spool, NOBODY, NOBODY)
        named = {"RESPONDER_CONTROL": control, "RESPONDER_SPOOL": spool, "RESPONDER_AR_LOG": spool / "log"}
        places = {name: str(path) for name, path in named.items()}
        command = [sys.executable, "-IS", active_response.__file__, "add", "-", "192.0.2.7"]
        with answering(control) as daemon:
            control.chmod(0o600)
            status = [
                subprocess.run(as_user(NOBODY, command), check=False, env={**os.environ, **found}).returncode
                for found in (places, places | {"RESPONDER_SPOOL": str(folder)})
            ]

        assert status == [75, 74]
        assert daemon.asked == []
        kept, lost = (spool / "log").read_text().splitlines()
        assert "Permission denied); kept in" in kept
        assert f"and it cannot be kept in {folder}: Permission denied" in lost


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_without_a_folder_it_is_lost_and_said_to_be(ossec: Ossec, kind: str) -> None:
    """Status 74: nobody is told that something was kept."""
    ossec.installed.spool.rmdir()
    if kind == "file":
        ossec.installed.spool.touch()

    assert ossec.add("192.0.2.7") == Run(74)

    assert " lost: " in ossec.installed.said()
    assert f"and it cannot be kept in {ossec.installed.spool}: " in ossec.installed.said()


@pytest.mark.kernel
def test_a_full_disk_leaves_nothing_behind(ossec: Ossec, small_disk: Path) -> None:
    """No half of a request, no temporary file; and when there is room it is kept again."""
    ossec.environment["RESPONDER_SPOOL"] = str(small_disk)
    ballast = fill(small_disk)

    assert ossec.add("192.0.2.7") == Run(74)
    assert os.strerror(errno.ENOSPC) in ossec.installed.said()
    assert names(small_disk) == ["ballast"]
    ballast.unlink()
    assert ossec.add("192.0.2.7") == Run(75)
    assert len(names(small_disk)) == 1


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    """A link that somebody laid is not followed, a file not written over, and neither is removed."""
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".token").symlink_to(tmp_path / "precious")

    with pytest.raises(FileExistsError):
        active_response.keep(str(tmp_path), "token", b"line\n")

    assert names(tmp_path) == [".token", "precious"]
    assert (tmp_path / "precious").read_text() == "precious"


def test_it_is_on_the_disk_before_it_is_told(ossec: Ossec) -> None:
    """Written, synced, given its name, and the folder synced: seen from the kernel's side."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = ossec.installed.home / "trace"
    calls = "trace=openat,write,fchmod,fchown,fsync,rename,renameat,renameat2,%process"
    command = ["strace", "-f", "-y", "-o", trace, "-e", calls, ossec.installed.script, "add", "-", "192.0.2.7"]
    assert subprocess.run([*map(str, command)], check=False, stdin=-3, timeout=60).returncode == 75

    spool = str(ossec.installed.spool)
    seen = [line.split(None, 1)[1] for line in trace.read_text().splitlines() if spool in line.partition("(")[2]]
    order = [call.partition("(")[0].removesuffix("at2").removesuffix("at") for call in seen]
    assert [call for call in order if call not in ("fchown", "open")] == ["fchmod", "write", "fsync", "rename", "fsync"]
    assert f"{spool}/." in next(call for call in seen if call.startswith("write"))
    every = {line.split()[1].partition("(")[0] for line in trace.read_text().splitlines()}
    assert not {"fork", "vfork", "clone", "clone3"} & every


def test_two_hundred_at_once_are_two_hundred(ossec: Ossec) -> None:
    """Each leaves one file, and whoever looks meanwhile sees whole requests only."""
    spool, seen, over = ossec.installed.spool, set[str](), threading.Event()
    broken: list[str] = []

    def look() -> None:
        while not over.is_set():
            for path in spool.glob("[!.]*"):
                seen.add(path.name)
                if path.name != f"{json.loads(path.read_bytes() or b'{}').get('token')}.json":
                    broken.append(path.name)

    looking = threading.Thread(target=look)
    looking.start()
    started = [ossec.start("add", "-", f"198.18.0.{number}") for number in range(STORM)]
    statuses = {ossec.finish(*one).status for one in started}
    over.set()
    looking.join()

    kept = ossec.installed.kept()
    assert statuses == {75}
    assert sorted(request["address"] for request in kept) == sorted(f"198.18.0.{number}" for number in range(STORM))
    assert len({request["token"] for request in kept}) == STORM
    assert names(spool) == [f"{request['token']}.json" for request in kept]
    assert not broken
    assert seen <= set(names(spool))
    assert len(ossec.installed.logged()) == STORM


def test_two_hundred_at_once_all_reach_the_daemon_or_the_spool(ossec: Ossec) -> None:
    """None is lost between the two, whatever the daemon does meanwhile."""
    with answering(ossec.installed.control) as daemon:
        started = [ossec.start("add", "-", f"198.18.0.{number}") for number in range(STORM)]
        statuses = {ossec.finish(*one).status for one in started}

    told = {request["token"] for request in daemon.asked} | {request["token"] for request in ossec.installed.kept()}
    assert statuses <= {0, 75}
    assert len(told) == STORM


def test_a_daemon_that_answers_too_late_gets_the_same_token_again(ossec: Ossec) -> None:
    """So that it knows what it has done already."""
    with Peer(ossec.installed.control, None) as daemon:
        assert ossec.add("192.0.2.7") == Run(75)

    [asked], [kept] = daemon.asked, ossec.installed.kept()
    assert asked == kept


def test_a_daemon_killed_while_it_listens_is_none(ossec: Ossec) -> None:
    """The connection is there, and nobody behind it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(ossec.installed.control))
        listener.listen(8)
        started = ossec.start("add", "-", "192.0.2.7")
        connection, _ = listener.accept()
        connection.close()
        assert ossec.finish(*started) == Run(75)
    assert len(ossec.installed.kept()) == 1
