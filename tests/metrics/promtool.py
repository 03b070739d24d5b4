"""promtool - Prometheus' own checker."""

import subprocess

import pytest

from tests.lab import unpacked


def promtool(*words: str, given: str = "") -> str:
    """Run it, and return what it complains of."""
    if problem := unpacked.missing("promtool"):
        pytest.skip(problem)
    argv = [str(unpacked.program("promtool")), *words]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""
