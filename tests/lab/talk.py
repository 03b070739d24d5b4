"""talk - conversations with servers, word for word, from a host of the lab.

Each Talk is one TCP connection from an address of the host: it waits for the
greeting, says its lines one after the other, waits after each until the server
has answered or closed, and leaves.  `hold` runs many at once.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab.host import Host

_CLIENT = Path(__file__).with_name("talk_client.py")


class Talk(NamedTuple):
    """What is said to *port* from *source*: bytes as Latin-1, ``\\r\\n`` included; *waits* for a greeting first.

    *tls* says after how many of the *lines* TLS begins; -1, never.
    """

    source: str
    port: int
    lines: Sequence[str]
    waits: bool = True
    tls: int = -1


def hold(host: Host, ipv4: str, ipv6: str, talks: Sequence[Talk], timeout: float = 3.0) -> list[str]:
    """Have all *talks* with the server at *ipv4* or *ipv6*, and return what it said in each."""
    host.add_addresses(*dict.fromkeys(talk.source for talk in talks if talk.source not in (host.ipv4, host.ipv6)))
    plan = {"timeout": timeout, "talks": [(ipv6 if ":" in one.source else ipv4, *one) for one in talks]}
    done = host.run([sys.executable, "-I", _CLIENT], input=json.dumps(plan), timeout=120, check=True)
    said: list[str] = json.loads(done.stdout)
    return said
