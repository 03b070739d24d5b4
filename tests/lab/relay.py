"""relay - a real rsyslog or syslog-ng that passes on to another host what programs log to it.

It takes messages at a Unix socket of its own, where logger(1) or a program writes
what it would to /dev/log, and shares nothing with the machine's own syslog.  Both
are Debian's, unpacked and not installed; see `missing`.
"""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from tests.lab import unpacked
from tests.lab.wait import until

Program = Literal["rsyslogd", "syslog-ng"]
Kind = Literal["udp", "tcp", "unix"]
Start = Callable[..., "subprocess.Popen[Any]"]

_RSYSLOG = """
global(workDirectory="{folder}" net.enableDNS="off")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log" RateLimit.Interval="0")
{action}
"""
_RSYSLOG_NET = """
action(type="omfwd" target="{host}" port="{port}" protocol="{kind}" template="RSYSLOG_{template}"
       TCP_Framing="{framing}" action.resumeRetryCount="-1")
"""
_RSYSLOG_UNIX = """
module(load="omuxsock")
$OMUxSockSocket {host}
*.* :omuxsock:;RSYSLOG_{template}
"""
_SYSLOG_NG = """@version: 3.38
options {{ use-dns(no); keep-hostname(yes); }};
source programs {{ unix-dgram("{folder}/log"); }};
destination there {{ {destination}; }};
log {{ source(programs); destination(there); }};
"""


class Form(NamedTuple):
    """How messages travel; *modern* is RFC 5424, and over TCP the framing that counts octets."""

    kind: Kind
    modern: bool = False


def missing(program: Program) -> str:
    """Return what keeps *program* from being run here, or nothing."""
    return unpacked.missing(program)


class Relay:
    """*program* with its files in *folder*, which sends *to* a host and port, or a Unix socket; use it in a ``with``.

    *started* is what starts programs: Popen, or a host's own.
    """

    def __init__(
        self, program: Program, folder: Path, form: Form, to: tuple[str, int], started: Start = subprocess.Popen
    ) -> None:
        self.socket = folder / "log"
        self._program, self._folder, self._started = program, folder, started
        self._process: subprocess.Popen[Any] | None = None
        config = (_rsyslog if program == "rsyslogd" else _syslog_ng)(form, *to)
        (folder / "relay.conf").write_text(config.replace("{folder}", str(folder)))

    def __enter__(self) -> Self:
        with (self._folder / "output").open("wb") as output:
            self._process = self._started(self._command(), stdout=output, stderr=output, env=unpacked.environment())
        until(self.socket.exists, within=30, what=f"a relay; see {self._folder / 'output'}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def log(self, tag: str, *texts: str) -> None:
        """Log *texts* as a program called *tag* would, each as one message."""
        argv = ["logger", "--socket", str(self.socket), "--socket-errors=on", "--tag", tag, "--priority=authpriv.info"]
        subprocess.run([*argv, "--"], input="".join(f"{text}\n" for text in texts), text=True, check=True, timeout=60)

    def _command(self) -> Sequence[str]:
        path, folder = unpacked.program(self._program), self._folder
        assert path
        if self._program == "rsyslogd":
            [modules] = unpacked.FOLDER.glob("usr/lib/*/rsyslog")
            return [str(path), "-n", "-f", f"{folder}/relay.conf", "-i", f"{folder}/pid", "-M", str(modules)]
        [modules] = unpacked.FOLDER.glob("usr/lib/syslog-ng/*.*/")
        files = [f"--{name}={folder}/{name}" for name in ("persist-file", "pidfile", "control")]
        words = ["--foreground", "--no-caps", "--cfgfile", f"{folder}/relay.conf", f"--module-path={modules}"]
        return [str(path), *words, *files]


def _rsyslog(form: Form, host: str, port: int) -> str:
    template = "SyslogProtocol23Format" if form.modern else "TraditionalForwardFormat"
    framing = "octet-counted" if form.modern else "traditional"
    action = _RSYSLOG_UNIX if form.kind == "unix" else _RSYSLOG_NET
    said = action.format(host=host, port=port, kind=form.kind, template=template, framing=framing)
    return _RSYSLOG.format(folder="{folder}", action=said)


def _syslog_ng(form: Form, host: str, port: int) -> str:
    if form.kind == "unix":
        destination = f'unix-dgram("{host}")'
    else:
        destination = f'{"syslog" if form.modern else "network"}("{host}" port({port}) transport("{form.kind}"))'
    return _SYSLOG_NG.format(folder="{folder}", destination=destination)
