"""users - programs run as another user, who may read the interpreter wherever it lies, but write and change nothing."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
_READER = "dac_read_search"  # capabilities(7): the interpreter may lie in a folder of root's


def as_user(number: int, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return *argv* as root must call it to have it run by user *number*."""
    who = [f"--reuid={number}", f"--regid={number}", "--clear-groups"]
    return [
        "setpriv",
        *who,
        f"--inh-caps=+{_READER}",
        f"--ambient-caps=+{_READER}",
        *(os.fspath(word) for word in argv),
    ]


@contextmanager
def common_folder() -> Iterator[Path]:
    """Make a folder that every user can enter, unlike those of pytest."""
    if os.geteuid() != 0:
        pytest.skip("other users can only be had as root")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
