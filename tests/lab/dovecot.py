"""dovecot - a real Dovecot 2.3 on a host of the lab: IMAP, POP3 and logins for a Postfix, writing to a Syslogd.

It shares nothing with the system's: configuration, run folder and mail are in a
folder of its own.  One user, bob with the password ``secret``.  It listens on
143, 993 and 110, and for Postfix's SASL on 127.0.0.1:12345.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.host import Host
from tests.lab.syslogd import Syslogd
from tests.lab.wait import until

AUTH = "inet:127.0.0.1:12345"
_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap pop3
listen = *, ::
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_verbose = yes
auth_failure_delay = 0
auth_cache_size = 0
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = 12345
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


def missing() -> str:
    """Return what keeps this machine from running a Dovecot, or nothing."""
    if not all(Path("/usr/lib/dovecot", name).exists() for name in ("imap-login", "pop3-login")):
        return "Dovecot with IMAP and POP3 is not installed"
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=False).stdout
    return "" if version.startswith("2.3.") else f"the settings of Dovecot {version.strip()} are not those of 2.3"


def certificate(folder: Path) -> None:
    """Put a certificate and its key into *folder*, as cert.pem and key.pem."""
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-subj", "/CN=mx.example.org", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)


class Dovecot:
    """A Dovecot on *host*, logging to *syslogd*; use it in a ``with``.

    Its programs run as other users, who cannot walk into pytest's folders; so it makes one, which is gone at the end.
    """

    def __init__(self, host: Host, syslogd: Syslogd) -> None:
        self.host, self.syslogd = host, syslogd
        self.folder = Path(tempfile.mkdtemp(prefix="rsp-dovecot-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        certificate(self.folder)
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "mail", "mail", "mail")
        (self.folder / "users").write_text("bob:{PLAIN}secret\n")
        (self.folder / "dovecot.conf").write_text(_SETTINGS.format(folder=self.folder))
        argv = ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = self.host.popen(self.syslogd.command(argv))
        until(lambda: self.host.connect(self.host.ipv4, 143).greeting.startswith("* OK"), what="a greeting of Dovecot")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.host.end(self._process)
        shutil.rmtree(self.folder, ignore_errors=True)
