"""policyload - asks a policy service as many smtpds do: each connection sends a request and waits for its answer."""

import select
import socket
import time
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
            answer = peer.recv(8192)
            while not answer.endswith(b"\n\n"):
                more = peer.recv(8192)
                if not more:
                    raise ConnectionError(f"hung up after {answer!r}")
                answer += more
            now = time.perf_counter()
            took.append(now - asked[number])
            asked[number] = now
            peer.sendall(request(chosen.randrange(senders)))
    for peer in peers:
        peer.close()
    shares = quantiles(took, n=100)
    return Load(len(took) / (now - begin), shares[49] * 1000, shares[98] * 1000)
