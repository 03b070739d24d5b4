"""responder-ar, installed for OSSEC and for Wazuh."""

from pathlib import Path

import pytest

from tests.active_response.execd import Installed, Ossec, Wazuh


@pytest.fixture
def ossec(tmp_path: Path) -> Ossec:
    return Ossec(Installed(tmp_path))


@pytest.fixture
def wazuh(tmp_path: Path) -> Wazuh:
    return Wazuh(Installed(tmp_path, wazuh=True))
