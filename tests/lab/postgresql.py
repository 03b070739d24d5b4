"""A PostgreSQL server of our own: a cluster in a folder, reached through a Unix socket there, ended by its pid."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Self, TypedDict

import psycopg

from tests.lab.wait import until

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


class _Identity(TypedDict):
    user: int
    group: int


def _program(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found[-1] if found else None


def missing() -> str:
    """Return why there can be no server here, or nothing."""
    if not _program("postgres"):
        return "needs Debian's package postgresql"
    return "" if os.geteuid() == 0 else "a server of our own is started as the user postgres, which needs root"


class PostgreSQL:
    """One server; each call of `database` makes an empty database and gives its URL."""

    def __init__(self) -> None:
        self._user = pwd.getpwnam("postgres")
        self.folder = Path(tempfile.mkdtemp(prefix="responder-pg-"))  # a socket's path must be short
        os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._data = self.folder / "data"
        self._names = count(1)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        initdb = _program("initdb")
        assert initdb
        words = ("-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        subprocess.run([initdb, *words], check=True, capture_output=True, cwd="/", **self._identity())
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        postgres = _program("postgres")
        assert postgres
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder)}
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self._server = subprocess.Popen(
            [postgres, "-D", str(self._data), *words], stderr=subprocess.DEVNULL, cwd="/", **self._identity()
        )
        until(self._answers)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the server: SIGINT throws the clients out, SIGQUIT is a crash."""
        if self._server:
            self._server.send_signal(number)
            self._server.wait()
            self._server = None

    @property
    def pid(self) -> int:
        """Return the number of its first process."""
        assert self._server
        return self._server.pid

    def checkpoint(self) -> None:
        """Have all on the disk that was committed so far, so that a crash loses nothing of it."""
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test{next(self._names)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _conninfo(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def _identity(self) -> _Identity:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid}
