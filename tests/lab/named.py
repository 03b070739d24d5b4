"""named - a real BIND on a port of loopback: zones in a folder of its own, and a policy zone if wanted."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.lab import dns, unpacked
from tests.lab.wait import until

_CONFIG = """
options {{
    directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key"; managed-keys-directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; notify no; dnssec-validation no;
    max-cache-size 10m; {policy}
}};
controls {{ }};
"""


def missing() -> str:
    """Return what keeps this machine from running one, or nothing."""
    return unpacked.missing("named")


class Named:
    """Serves *zones* (name to text); with *policy*, that one decides what is answered from the others."""

    def __init__(self, zones: Mapping[str, str], policy: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rsp-named-"))
        self.port = dns.free_port()
        self._zones, self._policy = zones, policy
        rule = f'response-policy {{ zone "{policy}"; }} recursive-only no qname-wait-recurse no;' if policy else ""
        config = _CONFIG.format(folder=self.folder, port=self.port, policy=rule)
        for zone, text in zones.items():
            (self.folder / zone).write_text(text)
            config += f'zone "{zone}" {{ type master; file "{zone}"; }};\n'
        (self.folder / "named.conf").write_text(config)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        named = unpacked.program("named")
        assert named
        words = [str(named), "-g", "-4", "-n", "1", "-c", str(self.folder / "named.conf")]
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(words, stdout=log, stderr=log, env=unpacked.environment())
        try:
            until(self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self._server
        if self._server.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text())
        if self._policy and f"rpz: {self._policy}: reload done" not in (self.folder / "log").read_text():
            return False
        try:
            return all(dns.ask(self.port, zone, dns.SOA).code == 0 for zone in self._zones)
        except (TimeoutError, OSError):
            return False
