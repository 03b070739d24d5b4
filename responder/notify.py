"""notify - tells the service manager that started us how we fare: ready, alive, reloading, stopping.

One datagram a message to the socket that $NOTIFY_SOCKET names, in the file system
or in Linux' abstract namespace.  Where nobody asked, nothing is said.  What the
variables ask is taken out of the environment, so that no child of ours can speak
in our name by mistake.

A message that cannot be delivered within a second is given up, and the caller
told: a service manager that hangs must not make us hang.

Source: sd_notify(3), sd_watchdog_enabled(3) of systemd 252.

Falls short: sockets of the family AF_VSOCK, for whole virtual machines, are not known.
"""

import os
import socket
import time
from collections.abc import MutableMapping
from math import inf

_PATIENCE = 1.0  # seconds
_MICROSECONDS = 1_000_000


class Notify:
    """The service manager that *environment* names, if any."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take what concerns us out of *environment*."""
        name = environment.pop("NOTIFY_SOCKET", "")
        span, process = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        meant = bool(name) and process in ("", str(os.getpid()))
        self.patience = int(span) / _MICROSECONDS if meant and span.isdecimal() else 0.0
        """Within how many seconds a sign of life is expected again and again; 0: never."""

    @property
    def listening(self) -> bool:
        """Tell whether there is anybody who asked to be told."""
        return self._address.startswith(("/", "\0"))

    def ready(self, status: str) -> bool:
        """Say that what a start or a reload is for is done; tell whether it arrived."""
        return self._tell("READY=1", _status(status))

    def status(self, status: str) -> bool:
        """Say how we fare, in one line for people; tell whether it arrived."""
        return self._tell(_status(status))

    def alive(self) -> bool:
        """Give a sign of life; tell whether it arrived."""
        return self._tell("WATCHDOG=1")

    def reloading(self) -> bool:
        """Say that settings are being read again, until `ready`; tell whether it arrived."""
        return self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> bool:
        """Say that we are about to end; tell whether it arrived."""
        return self._tell("STOPPING=1", _status("stopping"))

    def _tell(self, *lines: str) -> bool:
        if not self.listening:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ours:
            ours.settimeout(_PATIENCE)
            try:
                ours.connect(self._address)
                ours.send("\n".join(lines).encode(errors="replace"))
            except OSError:
                return False
        return True


class Pulse:
    """Gives signs of life over *notify*, three in the time within which one is expected."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._every = notify.patience / 3 or inf
        self._beat_at = 0.0

    @property
    def pause(self) -> float:
        """Return the longest that may be waited before the next `beat`, in seconds."""
        return max(0.0, self._beat_at + self._every - time.monotonic())

    def beat(self) -> None:
        """Give a sign of life if it is time to."""
        now = time.monotonic()
        if now >= self._beat_at + self._every:
            self._beat_at = now
            self._notify.alive()


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"
