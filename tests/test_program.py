"""A program of the administrator's is run without a shell, and its time is bounded, its children's too."""

import os
import signal

import pytest

from responder import program
from tests.lab.wait import until


def test_it_is_handed_its_words_its_input_and_its_environment() -> None:
    script = 'cat; echo "$1 $NAME"; echo oops >&2; exit 3'

    ended = program.run(["/bin/sh", "-c", script, "sh", "$(id);"], 30, b"given\n", {"NAME": "x"})

    assert ended == (3, "given\n$(id); x\noops\n")
    assert program.run(["/bin/sh", "-c", "echo oops >&2; echo out"], 30, with_errors=False) == (0, "out\n")


def test_when_its_time_is_over_its_children_end_with_it() -> None:
    """Whatever they hold open."""
    ended = program.run(["/bin/sh", "-c", "sleep 1000 & echo $!; wait"], 0.5)

    assert ended.status is None
    child = int(ended.said)
    until(lambda: gone(child), what="the end of the child")


def test_who_leaves_somebody_behind_is_not_waited_for() -> None:
    """A daemon that it starts holds what it printed into open, and nobody up."""
    ended = program.run(["/bin/sh", "-c", "sleep 1000 & echo $!"], 30)

    os.kill(int(ended.said), signal.SIGKILL)
    assert ended.status == 0


def gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as status:  # noqa: PTH123
            return status.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_what_cannot_be_run_says_so() -> None:
    with pytest.raises(OSError, match="No such file"):
        program.run(["/no/such/program"], 1)
