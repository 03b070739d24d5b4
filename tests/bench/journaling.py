"""journaling - entries a second out of the journal, and messages a second out of a socket, judged by all rules.

What journalctl costs and what the rest costs are told apart.  The journal is made
by systemd-journal-remote out of the generated mail log.
"""

import resource
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from responder import config
from responder.daemon.logs import Logs
from responder.detect import library
from responder.detect.detector import Detector
from responder.formats import syslog
from responder.settings.source import SourceSettings
from tests.bench.figure import Figure
from tests.lab import journal, maillog
from tests.sources.test_receiver import free_port

RUNS = 3
_START = 1_795_608_000.0
_SENDER = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as peer, open(sys.argv[2], "rb") as file:
    while data := file.read(1 << 20):
        peer.sendall(data)
"""


def measure(folder: Path, lines: int) -> Iterator[Figure]:
    """Yield the figures for *lines* lines, a tenth of them offences."""
    log = [line.rstrip(b"\n") for line in maillog.lines(lines, maillog.Mix(offences=0.1))]
    detector = Detector(library.load([library.shipped()], config.load(None).policies))
    place = folder / "journal"
    for begin in range(0, len(log), 50_000):
        journal.write(place, [_entry(begin + n, line) for n, line in enumerate(log[begin : begin + 50_000])])
    for wanted in ("postfix@-.service", "postfix@*.service"):
        runs = [_read(SourceSettings(journal=(wanted,), directory=str(place)), detector, lines) for _ in range(RUNS)]
        yield Figure(f"journal, {wanted}", "entries/s", tuple(lines / wall for wall, _, _ in runs))
        yield Figure("of which responder", "CPU s per 1 M", tuple(own * 1e6 / lines for _, own, _ in runs))
        yield Figure("of which journalctl", "CPU s per 1 M", tuple(child * 1e6 / lines for _, _, child in runs))
    file = folder / "stream"
    file.write_bytes(b"".join(b"<22>%b\n" % line for line in log))
    runs = [_receive(file, detector, lines) for _ in range(RUNS)]
    yield Figure("syslog over TCP", "messages/s", tuple(lines / wall for wall, _, _ in runs))
    yield Figure("of which responder", "CPU s per 1 M", tuple(own * 1e6 / lines for _, own, _ in runs))


def _entry(number: int, line: bytes) -> bytes:
    head = syslog.header(line)
    assert head
    fields = {"SYSLOG_IDENTIFIER": head.program.decode(), "_PID": head.pid.decode()}
    return journal.entry(
        _START + number / 1000, line[head.message :], _SYSTEMD_UNIT="postfix@-.service", _UID="109", **fields
    )


def _read(settings: SourceSettings, detector: Detector, lines: int) -> tuple[float, float, float]:
    return _timed(settings, detector, lines, lambda: None)


def _receive(file: Path, detector: Detector, lines: int) -> tuple[float, float, float]:
    port = free_port("tcp", "127.0.0.1")
    command = [sys.executable, "-ISc", _SENDER, str(port), str(file)]
    sending: list[subprocess.Popen[bytes]] = []
    settings = SourceSettings(listen=f"tcp:127.0.0.1:{port}")
    try:
        return _timed(settings, detector, lines, lambda: sending.append(subprocess.Popen(command)))
    finally:
        for process in sending:
            process.wait()


def _timed(
    settings: SourceSettings, detector: Detector, lines: int, begin: Callable[[], object]
) -> tuple[float, float, float]:
    """Return the time on the wall, and of the processor here and in what ended meanwhile."""
    before, ended = _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN)
    logs = Logs([settings], {}, 0.0, time.time())
    begin()
    started = time.perf_counter()
    while logs.lines < lines:
        select.select([logs.arrivals], [], [], 1.0)
        logs.arrivals.drain()
        logs.poll(detector, time.time())
    wall, own = time.perf_counter() - started, _cpu(resource.RUSAGE_SELF) - before
    logs.close()
    return wall, own, _cpu(resource.RUSAGE_CHILDREN) - ended


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
