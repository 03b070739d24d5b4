"""policypeers - the policy services that are measured side by side: ours, Debian's policyd-rate-limit and postfwd.

Debian's packages are downloaded and unpacked, never installed, and run from
there, on loopback.  All count messages by sender within a minute and a day, with
limits that nobody reaches; ours and policyd-rate-limit in SQLite, postfwd in memory.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.bench import debian
from tests.lab.wait import until

_PACKAGES = (
    "policyd-rate-limit", "python3-yaml", "libyaml-0-2",
    "postfwd", "libnet-server-perl", "libnet-dns-perl", "libio-multiplex-perl", "libnet-cidr-perl",
)  # fmt: skip
_MANY = 1_000_000_000


class Peer(NamedTuple):
    """A running service: what it is called, how it is reached, its first process."""

    name: str
    connect: Callable[[], socket.socket]
    process: psutil.Process

    def memory(self) -> float:
        """Return what it and its children hold, in MB; pages that they share count once."""
        sizes = []
        for one in (self.process, *self.process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                sizes.append(one.memory_full_info().pss)
        return sum(sizes) / 1e6

    def cpu(self) -> float:
        """Return the processor time it and its children have used, in seconds."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


@contextmanager
def ours(folder: Path) -> Iterator[Peer]:
    """Run responder's."""
    port = free_port()
    config = folder / "responder.toml"
    config.write_text(
        f'state = "{folder}"\n[policyd]\nlisten = ["inet:127.0.0.1:{port}"]\n'
        f'[[quota]]\nkey = "sender"\nlimits = ["{_MANY} messages per 1m", "{_MANY} messages per 1d"]\n'
    )
    with running([sys.executable, "-m", "responder", "--config", config, "policyd"], port, "responder") as peer:
        yield peer


@contextmanager
def rate_limit(folder: Path) -> Iterator[Peer]:
    """Run Debian's policyd-rate-limit."""
    root, port = debian.unpacked(*_PACKAGES), free_port()
    config = folder / "policyd-rate-limit.yaml"
    config.write_text(
        f'debug: False\nuser: root\ngroup: root\npidfile: "{folder}/rate.pid"\nsqlite_config:\n'
        f'    database: "{folder}/rate.sqlite3"\nbackend: 0\nSOCKET: ["127.0.0.1", {port}]\nsocket_permission: 0666\n'
        f"limits:\n    - [{_MANY}, 60]\n    - [{_MANY}, 86400]\nlimits_by_id: {{}}\nlimit_by_sasl: False\n"
        'limit_by_sender: True\nlimit_by_ip: False\nlimited_networks: []\nsuccess_action: "dunno"\n'
        'fail_action: "defer_if_permit later"\ndb_error_action: "dunno"\nreport: False\ndelay_to_close: 300\n'
        "count_mode: 1\n"
    )
    modules = {"PYTHONPATH": str(root / "usr/lib/python3/dist-packages"), "LD_LIBRARY_PATH": _libraries(root)}
    command: list[str | Path] = ["/usr/bin/python3", root / "usr/bin/policyd-rate-limit", "--file", config]
    with running(command, port, "policyd-rate-limit", modules) as peer:
        yield peer


@contextmanager
def postfwd(folder: Path) -> Iterator[Peer]:
    """Run Debian's postfwd2."""
    root, port = debian.unpacked(*_PACKAGES), free_port()
    rules = folder / "postfwd.cf"
    rules.write_text(
        f"id=M; sender=~/./; action=rate(sender/{_MANY}/60/450 4.7.1 later)\n"
        f"id=D; sender=~/./; action=rate(sender/{_MANY}/86400/450 4.7.1 later)\n"
    )
    pidfile, cache = folder / "postfwd.pid", f"tcp:127.0.0.1:{free_port()}"
    words: list[str | Path] = [
        "-f",
        rules,
        "--interface",
        "127.0.0.1",
        "--port",
        str(port),
        "--cache_socket",
        cache,
        "--stdout",
    ]
    words += ["--stdout", "--user", "root", "--group", "root", "--daemon", "--pidfile", pidfile, "--cache", "0"]
    command: list[str | Path] = ["perl", "-T", "-I", root / "usr/share/perl5", root / "usr/sbin/postfwd2", *words]
    with running(command, port, "postfwd2", pidfile=pidfile) as peer:
        yield peer


def _libraries(root: Path) -> str:
    return os.pathsep.join(str(folder) for folder in (root / "usr/lib").glob("*-linux-gnu"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    name: str,
    environment: dict[str, str] | None = None,
    pidfile: Path | None = None,
) -> Iterator[Peer]:
    """Run a service until the block ends; with *pidfile* one that goes into the background."""
    process = subprocess.Popen(command, env=os.environ | (environment or {}), stdin=-3, stdout=-3, stderr=-3)
    connect = partial(socket.create_connection, ("127.0.0.1", port), 60)
    until(lambda: _answers(connect, process, pidfile), within=20, what=name)
    first = psutil.Process(int(pidfile.read_text()) if pidfile else process.pid)
    try:
        yield Peer(name, connect, first)
    finally:
        _end(first)
        process.wait()


def _end(first: psutil.Process) -> None:
    all_of_it = [first, *first.children(recursive=True)]
    first.terminate()
    for left in psutil.wait_procs(all_of_it, timeout=10)[1]:
        left.kill()
    psutil.wait_procs(all_of_it, timeout=5)


def _answers(connect: Callable[[], socket.socket], process: subprocess.Popen[bytes], pidfile: Path | None) -> bool:
    if process.poll() is not None and not pidfile:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    with contextlib.suppress(OSError):
        connect().close()
        return not pidfile or bool(pidfile.read_text())
    return False
