"""policyload - asks a policy service as many smtpds do: each connection sends a request and waits for its answer.

`load` asks as fast as answers come.  `paced` asks so many times a second, come
what may: a request is due at its time, its latency counts from then, and one that
finds all connections busy waits, so that no delay hides the next.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random
from statistics import quantiles
from typing import NamedTuple

_REQUEST = (
    b"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=198.18.0.%d\n"
    b"client_name=mail.client.test\nclient_port=40112\nreverse_client_name=mail.client.test\nserver_address=198.18.0.25\n"
    b"server_port=587\nhelo_name=mail.client.test\nsender=user%d@customer%d.test\nrecipient=someone@else.test\n"
    b"recipient_count=0\nqueue_id=\ninstance=%x.%x.%x.0\nsize=4711\netrn_domain=\nstress=\nsasl_method=\n"
    b"sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
    b"encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\n"
    b"policy_context=\ncompatibility_level=3.6\nmail_version=3.7.11\n\n"
)
_instances = count(int(time.time()) << 20)


class Load(NamedTuple):
    """How many were answered in a second, and how long half and 99 % of them took at most, in milliseconds."""

    rate: float
    median: float
    p99: float


def request(sender: int) -> bytes:
    """Return a request about a new message of a sender."""
    number = next(_instances)
    return _REQUEST % (sender % 250 + 1, sender, sender // 100, number & 0xFFFF, number >> 16, number)


def ask_all(connect: Callable[[], socket.socket], senders: int) -> None:
    """Ask about each sender once, hundreds at a time."""
    with connect() as peer:
        for first in range(0, senders, 200):
            some = range(first, min(first + 200, senders))
            peer.sendall(b"".join(map(request, some)))
            answers = b""
            while answers.count(b"\n\n") < len(some):
                answers += peer.recv(1 << 16)


def load(connect: Callable[[], socket.socket], connections: int, senders: int, seconds: float) -> Load:
    """Ask for so long over so many connections, about so many senders in no order."""
    chosen = Random(connections)
    peers = [connect() for _ in range(connections)]
    by_number = {peer.fileno(): peer for peer in peers}
    poll = select.epoll()
    asked = {}
    for number, peer in by_number.items():
        poll.register(number, select.EPOLLIN)
        asked[number] = time.perf_counter()
        peer.sendall(request(chosen.randrange(senders)))
    took: list[float] = []
    begin = now = time.perf_counter()
    while now - begin < seconds or len(took) < 100:
        for number, _ in poll.poll(10):
            peer = by_number[number]
            _answer(peer)
            now = time.perf_counter()
            took.append(now - asked[number])
            asked[number] = now
            peer.sendall(request(chosen.randrange(senders)))
    for peer in peers:
        peer.close()
    return _figures(took, now - begin)


def paced(connect: Callable[[], socket.socket], connections: int, senders: int, rate: float, seconds: float) -> Load:
    """Ask *rate* times a second, for so long, over so many connections."""
    chosen = Random(connections)
    free = deque(connect() for _ in range(connections))
    busy: dict[socket.socket, float] = {}
    total = round(rate * seconds)
    took: list[float] = []
    asked = 0
    begin = time.perf_counter()
    while len(took) < total:
        now = time.perf_counter()
        while free and asked < total and (due := begin + asked / rate) <= now:
            peer = free.popleft()
            peer.sendall(request(chosen.randrange(senders)))
            busy[peer] = due
            asked += 1
        # select waits for microseconds where it must, epoll for whole milliseconds
        pause = max(0.0, begin + asked / rate - time.perf_counter()) if free and asked < total else 10.0
        for peer in select.select(list(busy), [], [], pause)[0]:
            _answer(peer)
            took.append(time.perf_counter() - busy.pop(peer))
            free.append(peer)
    for peer in free:
        peer.close()
    return _figures(took, time.perf_counter() - begin)


def _answer(peer: socket.socket) -> None:
    answer = b""
    while not answer.endswith(b"\n\n"):
        more = peer.recv(8192)
        if not more:
            raise ConnectionError(f"hung up after {answer!r}")
        answer += more


def _figures(took: list[float], seconds: float) -> Load:
    shares = quantiles(took, n=100)
    return Load(len(took) / seconds, shares[49] * 1000, shares[98] * 1000)
