"""A dry run reaches nobody: not an actor that is a service of its own, and nobody who is told of bans."""

import json
import socket
from pathlib import Path

from tests.daemon.engine import Engine
from tests.notices.hook import hooked


def test_a_dry_run_leaves_the_actor_of_the_settings_alone(tmp_path: Path) -> None:
    """Which drives the real firewall, and would take for all that is wanted what the dry run wants."""
    path = tmp_path / "actor.sock"
    engine = Engine(tmp_path)
    engine.file.write_text(
        engine.file.read_text().replace("[firewall]", f"[firewall]\nsocket = {json.dumps(str(path))}")
    )
    with socket.socket(socket.AF_UNIX) as actor:
        actor.bind(str(path))
        actor.listen()
        actor.setblocking(False)
        with engine.running(dry=True):
            engine.write("203.0.113.7", 3)
            engine.settle()
            assert engine.held() == {"203.0.113.7"}

        try:
            connection, _ = actor.accept()
        except BlockingIOError:
            return
        connection.close()
        raise AssertionError("the actor was asked for something")


def test_a_dry_run_tells_nobody_of_bans_that_are_none(tmp_path: Path) -> None:
    """A report of abuse least of all."""
    with hooked() as hook:
        notify = f'[[notify]]\nname = "hook"\nkind = "webhook"\nurl = "{hook.url}"\non = ["ban", "digest"]\n'
        engine = Engine(tmp_path, notify)
        with engine.running(dry=True):
            engine.write("203.0.113.7", 3)
            engine.settle()
            engine.until(lambda: not engine.daemon._untold)

        assert hook.posted == []
