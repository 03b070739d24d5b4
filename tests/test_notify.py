"""What the service manager hears: whole messages, in its words, and nothing where nobody asked."""

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.notify import Notify


class ServiceManager:
    """The other end: a datagram socket at *address*, as systemd has it."""

    def __init__(self, address: str) -> None:
        self.environment = {"NOTIFY_SOCKET": address.replace("\0", "@"), "PATH": "/bin"}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(30)

    def hears(self) -> list[str]:
        return self.socket.recv(4096).decode().splitlines()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceManager]:
    made = ServiceManager(str(tmp_path / "notify") if request.param == "path" else f"\0{secrets.token_hex(16)}")
    with made.socket:
        yield made


def test_each_state_is_told_in_the_words_of_sd_notify(manager: ServiceManager) -> None:
    notify = Notify(manager.environment)

    assert notify.ready("all is well")
    assert manager.hears() == ["READY=1", "STATUS=all is well"]
    assert notify.status("a log is missing")
    assert manager.hears() == ["STATUS=a log is missing"]
    assert notify.alive()
    assert manager.hears() == ["WATCHDOG=1"]
    assert notify.reloading()
    reloading, since = manager.hears()
    assert reloading == "RELOADING=1"
    assert since.removeprefix("MONOTONIC_USEC=").isdecimal()
    assert notify.stopping()
    assert manager.hears() == ["STOPPING=1", "STATUS=stopping"]


def test_no_child_can_speak_in_our_name(manager: ServiceManager) -> None:
    """What asks for messages is taken out of the environment that children get."""
    manager.environment |= {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())}

    assert Notify(manager.environment).patience == 2.0

    assert manager.environment == {"PATH": "/bin"}


@pytest.mark.parametrize("process", ["1", "-", str(os.getppid())])
def test_signs_of_life_that_another_process_owes_are_not_ours(manager: ServiceManager, process: str) -> None:
    manager.environment |= {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": process}

    assert Notify(manager.environment).patience == 0.0


@pytest.mark.parametrize("name", [None, "", "relative", "vsock:2:1234"])
def test_nothing_is_said_where_nobody_can_hear(name: str | None) -> None:
    notify = Notify({} if name is None else {"NOTIFY_SOCKET": name})

    assert not notify.listening
    assert not notify.ready("well")


def test_a_service_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "gone")})

    assert notify.listening
    assert not notify.ready("well")


def test_one_that_does_not_take_its_messages_holds_up_nobody(manager: ServiceManager) -> None:
    """Its queue fills; then a message is given up, and that is told."""
    notify = Notify(manager.environment)

    while notify.alive():
        pass

    assert not notify.status("still here")


@given(text=st.text())
@settings(max_examples=50)
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    """Whatever an error says: a status is one line."""
    manager = ServiceManager(f"\0{secrets.token_hex(16)}")
    with manager.socket:
        Notify(manager.environment).ready(text)
        heard = manager.socket.recv(1 << 16).decode(errors="replace")

    assert heard.count("\n") == 1
    assert heard.startswith("READY=1\nSTATUS=")
