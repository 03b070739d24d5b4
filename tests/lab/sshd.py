"""sshd - a real OpenSSH server on a host of the lab, writing to a Syslogd, and its client on another.

It shares nothing with the system's: settings, host key and authorized keys are in a
folder of its own.  root may log in with the key there and with no password.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.host import Host
from tests.lab.syslogd import Syslogd
from tests.lab.wait import until

_SETTINGS = """
Port {port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
StrictModes no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication {pam}
UsePAM {pam}
UseDNS no
DenyUsers games
MaxAuthTries 3
MaxStartups 100
"""


def missing() -> str:
    """Return what keeps this machine from running an sshd, or nothing."""
    paths = (Path("/usr/sbin/sshd"), Path("/usr/bin/ssh"), Path("/usr/bin/ssh-keygen"))
    return "" if all(path.exists() for path in paths) else "the OpenSSH server is not installed"


class Sshd:
    """An sshd on *host* at *port*, logging to *syslogd*; with *pam* it asks PAM.  Use it in a ``with``."""

    def __init__(self, host: Host, syslogd: Syslogd, folder: Path, *, port: int = 22, pam: bool = False) -> None:
        self.host, self.syslogd, self.folder, self.port = host, syslogd, folder, port
        self._pam = "yes" if pam else "no"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for name in ("host", "user"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(argv, check=True, capture_output=True)
        secret = self.folder / "askpass"
        secret.write_text("#!/bin/sh\necho wrong\n")
        secret.chmod(0o755)
        config = self.folder / "sshd_config"
        config.write_text(_SETTINGS.format(folder=self.folder, port=self.port, pam=self._pam))
        self._process = self.host.popen(self.syslogd.command(["/usr/sbin/sshd", "-D", "-f", str(config)]))
        until(lambda: self.host.connect(self.host.ipv4, self.port).greeting.startswith("SSH-2.0"), what="sshd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.host.end(self._process)

    def login(self, client: Host, source: str, user: str, *, key: bool = False, options: Sequence[str] = ()) -> int:
        """Log in as *user* from *source* of *client*, with the key or wrong passwords, and return ssh's status."""
        server = self.host.ipv6 if ":" in source else self.host.ipv4
        argv = ["ssh", "-F", "none", "-p", str(self.port), "-b", source, "-l", user, "-o", "StrictHostKeyChecking=no"]
        argv += ["-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5", "-o", "IdentityAgent=none"]
        argv += ["-o", f"IdentityFile={self.folder / 'user' if key else 'none'}", "-o", "LogLevel=ERROR"]
        argv += [word for option in options for word in ("-o", option)]
        env = ["env", f"SSH_ASKPASS={self.folder / 'askpass'}", "SSH_ASKPASS_REQUIRE=force"]
        return client.run([*env, *argv, server, "true"], timeout=30).returncode
