"""machine - a whole Debian under systemd on a host of the lab, in a container of systemd-nspawn.

Its root file system is made by debootstrap, which takes minutes, and kept below the
virtual environment's cache folder until other packages are wanted; each machine works on
a layer of its own above it.  Its network is the host's namespace.  `boot`, `halt` and `pull_the_plug` as often
as you like: files survive, processes do not.  What the kernel holds belongs to the
namespace and would survive, so each end of the machine empties its ruleset, as a real
end does.

Needs root, debootstrap and systemd-nspawn; see `missing`.

Falls short: it shares the kernel with everything else, so nothing that concerns
modules or the clock can be tried.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.enforce.namespace import inside
from tests.enforce.opened import held_by
from tests.lab.host import Host
from tests.lab.wait import until

CACHE = Path(sys.prefix) / "cache" / "machine"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "init-system-helpers", "procps", "python3", "nftables", "iptables", "ipset"),
    *("iproute2", "postfix", "rsyslog", "logrotate", "openssh-server", "libpam-systemd", "strace"),
)
_QUEUE = 512  # messages of which none is lost between journald and rsyslog; systemd sets it where it may
_ENTERED = ("mount", "uts", "ipc", "net", "pid", "root", "wd")
_ENVIRONMENT = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8")


def missing() -> str:
    """Return what keeps this machine from having a machine inside, or nothing."""
    lacking = [name for name in ("debootstrap", "systemd-nspawn", "nsenter") if not shutil.which(name)]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def root_filesystem() -> Path:
    """Return a Debian with the packages that nobody has booted yet, made now if it is not there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    made, partial, holds, wanted = CACHE / "root", CACHE / "partial", CACHE / "packages", ",".join(PACKAGES)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not holds.exists() or holds.read_text() != wanted:
            for old in (made, partial):
                shutil.rmtree(old, ignore_errors=True)
            argv = ["debootstrap", "--variant=minbase", f"--include={wanted}", "bookworm", str(partial)]
            subprocess.run(argv, check=True, capture_output=True, timeout=1200)
            partial.rename(made)
            holds.write_text(wanted)
    return made


class Machine:
    """A Debian on *host*, with what it changes in *folder*; use it in a ``with``, which leaves it booted."""

    def __init__(self, host: Host, folder: Path, *layers: Path) -> None:
        """Take a new machine, with what earlier ones changed in their *layers*, the last change first."""
        self.host, self.folder, self.root, self._layers = host, folder, folder / "root", layers
        self.console = folder / "console"
        self._container: subprocess.Popen[Any] | None = None
        self._first = 0

    def __enter__(self) -> Self:
        lower = ":".join(map(str, (*self._layers, root_filesystem())))
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        options = f"lowerdir={lower},upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        try:
            self._prepare()
            self.boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull_the_plug()
        subprocess.run(["umount", "--lazy", self.root], check=True)

    def _prepare(self) -> None:
        """Give it a name, no resolver that anything could wait for, and room for log messages as a real one has."""
        self.host.run(["sysctl", "-qw", f"net.unix.max_dgram_qlen={_QUEUE}"], check=True)
        (self.root / "etc/hostname").write_text("mx\n")
        (self.root / "etc/resolv.conf").unlink(missing_ok=True)
        (self.root / "etc/resolv.conf").write_text("")

    def boot(self, *, wait: bool = True) -> None:
        """Switch it on, and wait until every unit has started, unless told not to."""
        name = f"/run/netns/{self.host.namespace}"
        argv = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--network-namespace-path={name}"]
        argv += ["--capability=CAP_NET_ADMIN,CAP_NET_RAW", "--machine=mx", "--console=pipe", "-bD", str(self.root)]
        with self.console.open("ab") as console:
            self._container = subprocess.Popen(argv, stdin=-3, stdout=console, stderr=console)
        self._first = until(self._find_first, within=60, what=f"a first process; see {self.console}", every=0.02)
        if wait:
            until(self._up, within=240, what="a machine that has booted", every=0.2)

    def halt(self) -> None:
        """Shut it down in order."""
        if self._container:
            self._container.terminate()
            self._container.wait(180)
        self._gone()

    def pull_the_plug(self) -> None:
        """End it without a word."""
        if self._container:
            os.kill(self._first or self._container.pid, signal.SIGKILL)
            self._container.wait(60)
        self._gone()

    def _gone(self) -> None:
        self._container, self._first = None, 0
        self.host.run(["nft", "flush", "ruleset"])

    def command(self, argv: Sequence[str | os.PathLike[str]]) -> list[str]:
        """Return *argv* as it must be called from outside to run in there, as root."""
        enter = ["nsenter", f"--target={self._first}", *map("--{}".format, _ENTERED), "--"]
        return [*enter, "env", "-i", *_ENVIRONMENT, *(os.fspath(word) for word in argv)]

    def run(
        self, *argv: str | os.PathLike[str], check: bool = True, timeout: float = 180.0, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in there to its end; RuntimeError says what one that failed complained of."""
        more = {"stdin": subprocess.DEVNULL} | more if "input" not in more else more
        done = subprocess.run(self.command(argv), capture_output=True, text=True, timeout=timeout, check=False, **more)
        if check and done.returncode:
            raise RuntimeError(f"{argv} exits with {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def install(self, package: Path) -> str:
        """Install a Debian package, and return what that said."""
        (self.root / "root" / package.name).write_bytes(package.read_bytes())
        done = self.run("dpkg", "--install", f"/root/{package.name}", timeout=600)
        return done.stdout + done.stderr

    def held(self) -> set[str]:
        """Return whom nftables keeps out."""
        with inside(self.host.namespace):
            return held_by("nftables", time.time())

    def said(self, *argv: str) -> str:
        """Return what a program in there prints, be it content or not."""
        return self.run(*argv, check=False).stdout.strip()

    def show(self, unit: str, key: str) -> str:
        """Return what systemd says of a property of *unit*."""
        return self.said("systemctl", "show", "--value", f"--property={key}", unit)

    def active(self, *units: str) -> bool:
        """Tell whether every one of *units* is."""
        return all(self.show(unit, "ActiveState") == "active" for unit in units)

    def file(self, path: str) -> Path:
        """Return where a file of it is, seen from outside."""
        return self.root / path.lstrip("/")

    def pid(self, unit: str) -> int:
        """Return the main process of *unit*, numbered as outside."""
        inside = self.show(unit, "MainPID")
        return next((process.pid for process in self._processes() if _number_inside(process.pid) == inside), 0)

    def _processes(self) -> list[psutil.Process]:
        return psutil.Process(self._first).children(recursive=True)

    def _find_first(self) -> int:
        assert self._container
        if self._container.poll() is not None:
            raise RuntimeError(f"the machine ended with {self._container.returncode}: {self.console.read_text()}")
        children = psutil.Process(self._container.pid).children(recursive=True)
        return next((child.pid for child in children if _number_inside(child.pid) == "1"), 0)

    def _up(self) -> bool:
        return self.said("systemctl", "is-system-running") in ("running", "degraded")


def _number_inside(pid: int) -> str:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
    return numbers[-1] if len(numbers) > 1 else ""
