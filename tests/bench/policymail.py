"""policymail - messages a second through a real Postfix, with the policy service asked about each and without it.

smtp-source holds 50 sessions at once from the same host of a network of
namespaces; Postfix takes each message into its queue, and throws it away from there.
Both are measured in turns, because the machine's own speed drifts.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Figure
from tests.lab import network, postfix
from tests.lab.policyd import Policyd

SESSIONS, MESSAGES, TURNS = 50, 3000, 3
_QUOTA = '[[quota]]\nkey = "sender"\nlimits = ["1000000000 messages per 1m", "1000000000 messages per 1d"]\n'
_WITH, _WITHOUT = 25, 26


def measure() -> Iterator[Figure]:
    """Yield messages a second with and without, where there is a Postfix."""
    if postfix.missing() or network.missing():
        return
    folder = Path(tempfile.mkdtemp(prefix="rsp-policyd-"))  # the user postfix must be able to walk into it
    folder.chmod(0o755)
    try:
        with network.Network() as net, Policyd(folder, _QUOTA) as policyd:
            ask = f"check_policy_service {{ unix:{policyd.socket}, timeout=10s }}"
            services = [f"{_WITH} inet n - n - - smtpd -o smtpd_end_of_data_restrictions=$asked"]
            settings = {"asked": ask, "mynetworks": "198.18.0.0/15"}
            with postfix.Postfix(net.srv, ports=(_WITHOUT,), settings=settings, services=services) as mail:
                found: dict[int, list[float]] = {_WITH: [], _WITHOUT: []}
                for _ in range(TURNS):
                    for port, rates in found.items():
                        rates.append(_load(mail, port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield Figure(f"Postfix, {SESSIONS} sessions, asking responder", "messages/s", tuple(found[_WITH]))
    yield Figure(f"Postfix, {SESSIONS} sessions, asking nobody", "messages/s", tuple(found[_WITHOUT]))


def _load(mail: postfix.Postfix, port: int) -> float:
    where = f"{mail.host.ipv4}:{port}"
    words = ["-s", str(SESSIONS), "-m", str(MESSAGES), "-f", "news@shop.example", "-t", "ok@else.test", where]
    begin = time.monotonic()
    done = mail.host.run(["smtp-source", *words], timeout=300)
    spent = time.monotonic() - begin
    if done.returncode or "fatal" in done.stderr:
        raise RuntimeError(f"smtp-source failed: {done.stderr}")
    return MESSAGES / spent
