"""postfix - a real Postfix on a host of the lab, writing its own log.

It shares nothing with the system's mail: configuration, queue, data and log are
in a folder of its own, and it listens on its host's addresses only.  It takes
mail for ok@example.org and throws it away; every other recipient there is
unknown, every other domain is relaying.  No SASL, no TLS, no host name lookup.
What slows down or throttles clients in a real smtpd is off, so that tests take no
longer than the code under test.

Several can run at once, on different hosts or on different ports of one.

Falls short: Postfix is a few programs that run as user ``postfix``, which must be
able to walk into the folder.  pytest's tmp_path does not let them, so leave
*folder* out and it makes one, which is gone at the end.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.host import Host
from tests.lab.wait import until

_DIST = Path("/usr/share/postfix/master.cf.dist")

_SETTINGS = """
compatibility_level = 3.6
myhostname = mx.example.org
mydomain = example.org
mydestination = example.org
mynetworks = 127.0.0.0/8
local_recipient_maps = inline:{ok=ok}
local_transport = discard:
default_transport = discard:
alias_maps =
alias_database =
inet_protocols = all
smtpd_peername_lookup = no
smtp_tls_security_level = none
smtpd_sasl_auth_enable = no
smtpd_delay_reject = yes
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
disable_vrfy_command = yes
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
default_process_limit = 200
maillog_file_rotate_suffix = %Y%m%d-%H%M%S
"""


def missing() -> str:
    """Return what keeps this machine from running a Postfix, or nothing."""
    return "" if shutil.which("postfix") and _DIST.exists() else "Postfix is not installed"


class Postfix:
    """A Postfix on *host*; use it in a ``with``.  Its log is at `log`.

    *settings* are main.cf's, over those above.  *services* are more lines for
    master.cf.  *name* is the syslog_name: it stands before each program's name in
    the log.  With *ports*, smtpd listens on each of them.
    """

    def __init__(
        self,
        host: Host,
        folder: Path | None = None,
        *,
        ports: Sequence[int] = (25,),
        name: str = "postfix",
        settings: Mapping[str, str] | None = None,
        services: Sequence[str] = (),
    ) -> None:
        self.host, self.ports, self.name = host, tuple(ports), name
        self._settings, self._services = dict(settings or {}), tuple(services)
        self._own = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="rsp-postfix-")) if folder is None else folder
        self.log = self.folder / "mail.log"

    def __enter__(self) -> Self:
        if self.folder.stat().st_mode & 0o001 == 0 and not self._own:
            raise ValueError(f"{self.folder} is closed to the user postfix; chmod 755 it and its parents")
        try:
            self._write()
            self.command("start")
            for port in self.ports:
                until(partial(self._answers, port), within=20, what=f"a greeting on port {port}; see {self.log}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.command("abort", check=False)
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``postfix`` with these words on this instance: reload, logrotate, stop and start, flush."""
        done = self.host.run(["postfix", "-c", self.folder, *words], timeout=60)
        if check and done.returncode:
            log = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise RuntimeError(f"postfix {' '.join(words)} failed: {done.stderr}{log}")
        return done

    def lines(self) -> list[str]:
        """Return the log as it is now."""
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def _answers(self, port: int) -> bool:
        return self.host.connect(self.host.ipv4, port).greeting.startswith("220")

    def _write(self) -> None:
        self.folder.chmod(0o755)
        for part in ("queue", "data"):
            (self.folder / part).mkdir(exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        self.log.touch(0o644)  # postlogd would make it for root alone
        own = {
            "config_directory": str(self.folder),
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.folder),
            "inet_interfaces": f"{self.host.ipv4}, {self.host.ipv6}",
            "syslog_name": self.name,
        }
        lines = "".join(f"{key} = {value}\n" for key, value in (own | self._settings).items())
        (self.folder / "main.cf").write_text(_SETTINGS + lines)
        (self.folder / "master.cf").write_text(self._master())

    def _master(self) -> str:
        services = [_unrooted(line) for line in _DIST.read_text().splitlines() if _kept(line)]
        services += [f"{port} inet n - n - - smtpd" for port in self.ports]
        return "\n".join([*services, *self._services, ""])


def _kept(line: str) -> bool:
    """Leave out the network services, the comments and the pipes to programs that are not there."""
    return bool(line.strip()) and line[0] not in "# \t" and "inet" not in line.split() and "pipe" not in line.split()


def _unrooted(line: str) -> str:
    words = line.split()
    words[4] = "n"
    return " ".join(words)
