"""live - the daemon at work on a log that flows, with store and actor: processor time, delay, memory; two commands.

A day of a busy host is compressed: its log is written as fast as the daemon reads, with the stamps of
now, and policies forget as much sooner.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import hosted, metered
from tests.bench.figure import Figure
from tests.lab import maillog
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.wait import until

SAMPLES = 50
RUNS = 3
FLOW = 20_000  # lines a second
_PIECES = 100  # a second
_TENTHS = 10
_COLD = 10  # starts
_DAY = 24 * 3600 * 200  # lines
_COMPRESSED = """
[[source]]
path = {log}
timezone = "UTC"
[keep]
most_offences = 100000
"""
_POLICY = """
[policy.{}]
within = "1s"
ban = "5s"
memory = "10s"
"""
_POLICIES = ("login", "smtp-probe", "smtp-abuse", "ssh-probe")


def measure(folder: Path, lines: int, tracked: int) -> Iterator[Figure]:
    """Yield the figures: for logs of *lines* lines, and with *tracked* addresses tracked."""
    with Network() as net:
        runs = [_work(net, folder / f"live{run}", lines) for run in range(RUNS)]
        yield Figure("live, 10 % offences, daemon and actor", "CPU s per 1 M lines", tuple(runs))
        yield _delay(net, folder / "flow")
        yield from _tracking(net, folder / "tracked", tracked)
        yield from _day(net, folder / "day", lines)


def _work(net: Network, folder: Path, lines: int) -> float:
    with hosted.daemon(net, folder) as one:
        before = hosted.processor_time(one)
        _feed(one, lines, maillog.Mix())
        used = hosted.processor_time(one) - before
        one.tell("firewall", "flush")
    return used * 1e6 / lines


def _feed(one: Daemon, lines: int, mix: maillog.Mix) -> None:
    """Write so many lines of now, and wait until they are judged and stored."""
    now = time.time()
    read = hosted.status(one)["lines"]
    hosted.append(one, b"".join(maillog.lines(lines, mix._replace(start=now - 5, span=5))))
    until(lambda: _has_read(one, read + lines), within=300, every=0.05, what=f"{lines} lines read")


def _has_read(one: Daemon, lines: int) -> bool:
    status = hosted.status(one)
    return bool(status["lines"] >= lines and not status["store"]["owed"] and status["firewall"]["settled"])


def _delay(net: Network, folder: Path) -> Figure:
    """Time single attackers from their last line to the kernel, while many other lines flow."""
    samples = []
    with hosted.daemon(net, folder) as one, hosted.Monitor(one) as monitor:
        over = threading.Event()
        flow = threading.Thread(target=_flow, args=(one, over))
        flow.start()
        try:
            for number in range(SAMPLES):
                address = maillog.attacker(100_000 + 10 * number)  # none on IPv6, of which networks are banned
                begin = hosted.append(one, hosted.offences(address, 3))
                samples.append((monitor.sees(address) - begin) * 1000)
        finally:
            over.set()
            flow.join()
        one.tell("firewall", "flush")
    return Figure(f"line written to kernel drop, while {FLOW:,} lines/s flow", "ms", tuple(samples))


def _flow(one: Daemon, over: threading.Event) -> None:
    """Write FLOW lines a second, evenly, until it is *over*."""
    texts = [line[16:] for line in maillog.lines(FLOW, maillog.Mix())]
    pieces = itertools.cycle(texts[at : at + FLOW // _PIECES] for at in range(0, FLOW, FLOW // _PIECES))
    begin = time.perf_counter()
    for number in itertools.count(1):
        stamp = hosted.stamp().encode()
        hosted.append(one, b"".join(stamp + text for text in next(pieces)))
        if over.wait(max(0.0, begin + number / _PIECES - time.perf_counter())):
            return


def _tracking(net: Network, folder: Path, tracked: int) -> Iterator[Figure]:
    """Measure memory while so many addresses have offended once each."""
    with hosted.daemon(net, folder) as one:
        yield Figure("memory of daemon and actor, idle", "MB", (hosted.memory(one),))
        one.tell("ban", maillog.attacker(0))
        for word in ("--version", "bans"):
            runs = tuple(metered.run(*one.command(word)).cpu * 1000 for _ in range(_COLD))
            yield Figure(f"responder {word}", "CPU ms", runs)
        addresses = (f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::bad" for number in range(tracked))
        count = 0
        while some := list(itertools.islice(addresses, 100_000)):
            hosted.append(one, b"".join(hosted.offences(address, 1) for address in some))
            count += len(some)
            until(lambda count=count: _has_read(one, count), within=120, every=0.1)  # type: ignore[misc]
        yield Figure(f"memory of daemon and actor, {tracked:,} tracked", "MB", (hosted.memory(one),))


def _day(net: Network, folder: Path, lines: int) -> Iterator[Figure]:
    """Measure memory after each tenth of a day of 200 lines a second, or of ten times *lines* where that is less."""
    tenth = min(_DAY // _TENTHS, lines)
    settings = _COMPRESSED + "".join(map(_POLICY.format, _POLICIES))
    sizes = []
    with hosted.daemon(net, folder, settings) as one:
        for number in range(_TENTHS):
            _feed(one, tenth, maillog.Mix(seed=number))
            sizes.append(hosted.memory(one))
            (one.folder / "mail.log").replace(one.folder / "mail.log.1")
            (one.folder / "mail.log").touch()
        one.tell("firewall", "flush")
    what = f"{tenth * _TENTHS:,} lines, memory of daemon and actor"
    yield Figure(f"{what}, after a tenth", "MB", (sizes[0],))
    yield Figure(f"{what}, after each tenth that follows", "MB", tuple(sizes[1:]))
