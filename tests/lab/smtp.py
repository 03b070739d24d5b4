"""smtp - real SMTP clients on a host of the lab.

`probe` is swaks: one session as a person's mail server would hold it, up to RCPT.
`rapid` is smtplib in one process there: hundreds of sessions a second, from as
many addresses as the host carries.  Both tell for each session what came of it:

    accepted  the recipient was
    refused   the server said no, with a code
    dropped   nobody answered in time, at the start or in the middle
    closed    the connection was refused, cut, or there was no way to the server
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tests.lab.host import Host

_CLIENT = Path(__file__).with_name("smtp_client.py")
_REFUSAL = re.compile(r"^<\*\* +(\d{3})[ -](.*)", re.MULTILINE)
_LATE = re.compile(r"time(d )?out", re.IGNORECASE)

What = Literal["accepted", "refused", "dropped", "closed"]


class Answer(NamedTuple):
    """What came of one session, with the server's refusal or the client's complaint."""

    what: What
    code: int = 0
    text: str = ""


def probe(
    host: Host,
    server: str,
    recipient: str,
    *,
    sender: str = "someone@client.test",
    source: str = "",
    helo: str = "client.test",
    port: int = 25,
    timeout: float = 2.0,
) -> Answer:
    """Offer *server* one recipient from *host*, with swaks, and leave before DATA."""
    argv = ["swaks", "--server", server, "--port", str(port), "--to", recipient, "--from", sender, "--helo", helo]
    argv += ["--quit-after", "RCPT", "--timeout", f"{timeout:g}"]
    argv += ["--local-interface", source or (host.ipv6 if ":" in server else host.ipv4)]
    done = host.run(argv, timeout=10 * timeout + 30)
    if done.returncode == 0:
        return Answer("accepted", 250)
    said = done.stdout + done.stderr
    refusal = _REFUSAL.search(said)
    if refusal:
        return Answer("refused", int(refusal[1]), refusal[2])
    complaint = " ".join(line.strip("* \t") for line in said.splitlines() if line.lstrip().startswith("***"))
    return Answer("dropped" if _LATE.search(complaint) else "closed", 0, complaint)


def rapid(
    host: Host,
    server: str,
    tries: Sequence[tuple[str, str]],
    *,
    port: int = 25,
    timeout: float = 2.0,
    at_once: int = 20,
) -> list[Answer]:
    """Make *tries*, each a source address of *host* and a recipient, and return their answers in order."""
    plan = {"server": server, "port": port, "timeout": timeout, "at_once": at_once, "tries": list(tries)}
    longest = 60 + 4 * timeout * (1 + len(tries) / at_once)
    done = host.run([sys.executable, "-I", _CLIENT], input=json.dumps(plan), timeout=longest, check=True)
    return [Answer(*answer) for answer in json.loads(done.stdout)]
