"""twoqueue - contrib/postfix/two-queue on a host of the lab: two real Postfix instances as its script sets them up.

postmulti and `sendmail -C` know the main instance by the folder that Postfix was
built with.  So there is a mount namespace here, in which a copy stands in that
place: the machine's own configuration is neither read nor written.  The main
instance throws away all mail that it could deliver, and logs it as sent.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.lab.host import Host
from tests.lab.wait import until

FOLDER = Path(__file__).parents[2] / "contrib/postfix/two-queue"
_ETC = Path("/etc/postfix")
_COPIED = ("main.cf.proto", "master.cf.proto", "postfix-files", "post-install", "postfix-script", "dynamicmaps.cf")
_MAIN = """
compatibility_level = 3.6
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = discard:
smtp_tls_security_level = none
queue_directory = {0}/queue
data_directory = {0}/data
maillog_file = {0}/mail.log
maillog_file_prefixes = {0}
"""


class TwoQueues:
    """Both on *host*, asking the policy service at *policy*; use it in a ``with``.  *scripts* has the script."""

    def __init__(self, host: Host, policy: str, scripts: Path = FOLDER) -> None:
        self.host, self._policy, self._scripts = host, policy, scripts
        self.folder = Path(tempfile.mkdtemp(prefix="rsp-two-queue-"))
        self.main, self.second = self.folder / "postfix", self.folder / "postfix2525"
        self.log, self.php, self.units = self.folder / "mail.log", self.folder / "php", self.folder / "units"
        self._inside: subprocess.Popen[Any] | None = None

    def __enter__(self) -> Self:
        try:
            self._copy()
            mount = f"mount --bind {self.main} {_ETC} && : >{self.folder}/mounted && exec sleep 1000000"
            self._inside = self.host.popen(["unshare", "--mount", "sh", "-c", mount])
            until((self.folder / "mounted").exists, what="a copy in the place of Postfix's configuration")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for folder in (self.second, _ETC):
            if self._inside and (folder == _ETC or folder.exists()):
                self.run("postfix", "-c", str(folder), "abort")
        self.host.end(self._inside)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *argv: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a program where the copy is."""
        assert self._inside
        command = ["nsenter", "--target", str(self._inside.pid), "--mount", "--wd=/", *argv]
        return self.host.run(command, timeout=120, **more)

    def setup(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the script."""
        folders = {"second": self.second, "queue": self.folder / "queue2", "data": self.folder / "data2"}
        folders |= {"php": self.php, "units": self.units, "metrics": self.folder}
        options = [word for name, folder in folders.items() for word in (f"--{name}", str(folder))]
        return self.run(str(self._scripts / "setup"), "--policy", self._policy, *options, *words)

    def start(self) -> None:
        """Start the main instance, as it was before."""
        self.run("postfix", "start", check=True)
        self._listens(25)

    def tune(self, **settings: str) -> None:
        """Have the second instance, which runs, go by other *settings*."""
        self._listens(2525, 12525)
        self.run("postconf", "-c", str(self.second), "-e", *(f"{name}={value}" for name, value in settings.items()))
        self.run("postfix", "-c", str(self.second), "reload", check=True)

    def _listens(self, *ports: int) -> None:
        for port in ports:
            until(lambda at=port: self.host.connect("127.0.0.1", at).greeting, within=20, what=f"port {port}")  # type: ignore[misc]

    def php_mail(self, sender: str, *recipients: str) -> None:
        """Send a message to each of *recipients* as PHP does: an unprivileged user, by the line in php.ini."""
        line = next(self.php.glob("*.ini")).read_text().splitlines()[1]
        words = line.partition('"')[2].rstrip('"').split()
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        for recipient in recipients:
            text = f"From: {sender}\nTo: {recipient}\nSubject: news\n\nkoko\n"
            self.run(*nobody, *words, "-f", sender, input=text, check=True)

    def flow(self, sender: str, domain: str, count: int) -> tuple[subprocess.Popen[Any], list[str]]:
        """Have so many messages sent over SMTP to the second instance, two at a time; return who does, and to whom."""
        words = ["-s", "2", "-m", str(count), "-N", "-f", sender, "-t", f"r@{domain}", "127.0.0.1:2525"]
        return self.host.popen(["smtp-source", *words]), [f"{number}r@{domain}" for number in range(1, count + 1)]

    def waiting(self, folder: Path) -> list[dict[str, Any]]:
        """Return what waits in the queue of the instance in *folder*."""
        lines = self.run("postqueue", "-c", str(folder), "-j", check=True).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def deferred(self, sender: str) -> list[str]:
        """Return why each recipient of *sender* waits in the second queue, for whom a delivery was tried."""
        messages = [one for one in self.waiting(self.second) if one["sender"] == sender]
        return [whom["delay_reason"] for one in messages for whom in one["recipients"] if "delay_reason" in whom]

    def held(self, sender: str, *queues: str) -> int:
        """Return how many messages of *sender* are in the second instance's *queues*, or in all of them."""
        mine = [one for one in self.waiting(self.second) if one["sender"] == sender]
        return len({one["queue_id"] for one in mine if not queues or one["queue_name"] in queues})

    def sent(self, recipients: Sequence[str]) -> list[str]:
        """Return those of *recipients* to whom the main instance delivered, once for each time."""
        lines = [line for line in self.log.read_text().splitlines() if "/discard[" in line and "status=sent" in line]
        return [one for one in recipients for line in lines if f" to=<{one}>," in line]

    def _copy(self) -> None:
        self.folder.chmod(0o755)
        for part in (self.main, self.php, self.units, self.folder / "queue", self.folder / "data"):
            part.mkdir()
        shutil.chown(self.folder / "data", "postfix")
        for name in _COPIED:
            shutil.copy(_ETC / name, self.main)
        (self.main / "main.cf").write_text(_MAIN.format(self.folder))
        services = (_ETC / "master.cf.proto").read_text().splitlines()
        kept = [line for line in services if line[:1] not in ("#", " ", "\t") and "pipe" not in line]
        (self.main / "master.cf").write_text("\n".join(" ".join(_unrooted(line)) for line in kept) + "\n")
        self.log.touch(0o644)


def _unrooted(line: str) -> list[str]:
    words = line.split()
    return [*words[:4], "n", *words[5:]] if len(words) > 4 else words
