"""The package of one checkout is always the same."""

from pathlib import Path

import pytest

from tests.machine import package
from tests.machine.package import Packages

pytestmark = [pytest.mark.kernel, pytest.mark.long]


def test_the_same_checkout_gives_the_same_package(packages: Packages, tmp_path: Path) -> None:
    """Byte for byte, whatever the clock says and wherever it is built."""
    again = package.build(tmp_path)

    assert again.first.read_bytes() == packages.first.read_bytes()
