"""What a program took is what it took, and not what was there before."""

import sys
from pathlib import Path

import pytest

from tests.bench.metered import run


def test_a_run_says_what_the_program_printed_and_the_memory_it_held() -> None:
    done = run(sys.executable, "-c", "held = b'x' * 80_000_000; print(len(held))")

    assert done.output == b"80000000\n"
    assert 75 < done.peak < 120


def test_the_memory_of_whoever_asks_is_not_counted() -> None:
    mine = b"x" * 200_000_000

    assert run("true").peak < 50
    assert mine


def test_it_runs_on_one_core_in_the_folder_that_was_named(tmp_path: Path) -> None:
    done = run(sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)), os.getcwd())", folder=tmp_path)

    assert done.output.decode().split() == ["1", str(tmp_path)]


def test_a_program_that_fails_is_an_error_that_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3: .*no such rule"):
        run("sh", "-c", "echo no such rule >&2; exit 3")
