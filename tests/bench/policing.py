"""policing - how many requests of Postfix a second are answered, and how fast, beside what Debian has.

Each service is asked over one connection and over fifty, about one sender and
about 100,000; the load comes from this process, on another core.  Ours is also
asked so many times a second, whether it keeps up or not.  Then a real Postfix takes
mail, asking ours or nobody.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.bench import policymail
from tests.bench.figure import Figure
from tests.bench.policyload import ask_all, load, paced
from tests.bench.policypeers import Peer, ours, postfwd, rate_limit

SECONDS = 4.0
SENDERS = 100_000
RATES = (5_000, 10_000)  # requests/s


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the figures of each service."""
    for number, serve in enumerate((ours, rate_limit, postfwd)):
        place = folder / f"policy-{number}"
        place.mkdir()
        with serve(place) as peer:
            yield Figure(f"{peer.name}, memory at the start", "MB", (peer.memory(),))
            if serve is ours:
                ask_all(peer.connect, SENDERS)
                yield Figure(f"{peer.name}, memory with {SENDERS:,} senders counted", "MB", (peer.memory(),))
            for senders in (1, SENDERS):
                for connections in (1, 50):
                    what = f"{peer.name}, {connections} connections, {senders:,} senders"
                    before = peer.cpu()
                    found = load(peer.connect, connections, senders, SECONDS)
                    spent = (peer.cpu() - before) / (found.rate * SECONDS)
                    yield Figure(what, "requests/s", (found.rate,))
                    yield Figure(f"{what}: half are answered within", "ms", (found.median,))
                    yield Figure(f"{what}: 99 % within", "ms", (found.p99,))
                    yield Figure(f"{what}: processor time of each", "ms", (spent * 1000,))
            if serve is ours:
                yield from _paced(peer)
            yield Figure(f"{peer.name}, memory at the end", "MB", (peer.memory(),))
    yield from policymail.measure()


def _paced(peer: Peer) -> Iterator[Figure]:
    for senders in (1, SENDERS):
        for rate in RATES:
            what = f"{peer.name}, asked {rate:,} times a second, {senders:,} senders"
            found = paced(peer.connect, 50, senders, rate, SECONDS)
            yield Figure(f"{what}: answered", "requests/s", (found.rate,))
            yield Figure(f"{what}: half are answered within", "ms", (found.median,))
            yield Figure(f"{what}: 99 % within", "ms", (found.p99,))
