"""An engine of the test's own."""

from pathlib import Path

import pytest

from tests.daemon.engine import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)
