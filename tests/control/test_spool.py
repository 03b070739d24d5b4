"""What was left in the spool is handed on in order, once, and nothing is lost that makes no sense."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from responder.control.spool import Spool
from responder.errors import StoreError


def token(number: int) -> str:
    return f"{number:020d}-42-0123abcd"


def leave(folder: Path, number: int, content: Any = None) -> Path:
    """Write a request as responder-ar does."""
    path = folder / f"{token(number)}.json"
    path.write_text(json.dumps({"token": token(number)}) if content is None else content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Spool(tmp_path / "spool")
    return tmp_path / "spool"


def names(spool: Spool, most: int = 100) -> list[str]:
    return [one.name for one in spool.waiting(most)]


def test_requests_are_handed_on_in_the_order_in_which_they_were_made(folder: Path) -> None:
    """As many as are asked for; again and again until they are removed."""
    spool = Spool(folder)
    for number in (3, 1, 20, 2):
        leave(folder, number)

    assert names(spool, 3) == [f"{token(number)}.json" for number in (1, 2, 3)]
    assert [one.request for one in spool.waiting(1)] == [{"token": token(1)}]
    spool.remove(f"{token(1)}.json")
    spool.remove(f"{token(1)}.json")
    assert names(spool, 1) == [f"{token(2)}.json"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", '{"token": "other"}', "[" * 70_000, '{"token": 7}', "\x00\xff"]
)
def test_what_makes_no_sense_is_put_aside(folder: Path, content: str) -> None:
    """Nothing is lost, and what stands behind it is not held up."""
    bad = leave(folder, 1, content)
    leave(folder, 2)

    assert names(Spool(folder)) == [f"{token(2)}.json"]
    assert (folder / "bad" / bad.name).read_text() == content
    assert not bad.exists()


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """Whoever can write here still reads nothing through us."""
    (tmp_path / "secret").write_text(json.dumps({"token": token(1)}))
    (folder / f"{token(1)}.json").symlink_to(tmp_path / "secret")

    assert names(Spool(folder)) == []
    assert (folder / "bad" / f"{token(1)}.json").is_symlink()


def test_what_has_no_name_yet_is_left_alone_until_it_is_nobodys(folder: Path) -> None:
    """A script may be writing it this moment; or was killed an hour ago."""
    (folder / ".new").write_text("{")
    (folder / ".old").write_text("{")
    (folder / "README").write_text("an administrator's")
    os.utime(folder / ".old", (time.time() - 4000,) * 2)

    assert names(Spool(folder)) == []
    assert sorted(path.name for path in folder.iterdir()) == [".new", "README"]


def test_the_folder_is_the_daemons_own(folder: Path) -> None:
    """Made at the start; where that cannot be done, it is said."""
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "file").write_text("")

    with pytest.raises(StoreError, match="spool folder cannot be made"):
        Spool(folder / "file" / "spool")
