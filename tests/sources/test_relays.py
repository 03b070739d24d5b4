"""Syslog over sockets as real rsyslog and syslog-ng send it: the same lines, whatever the form and the way."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from pathlib import Path

import pytest

from tests.lab import relay
from tests.lab.relay import Form, Program, Relay
from tests.sources.test_receiver import Socket

ATTACK = "Failed password for root from 203.0.113.7 port 22 ssh2"
FORMS = [Form("udp"), Form("udp", modern=True), Form("tcp"), Form("tcp", modern=True), Form("unix")]
MOST = {"udp": 100, "tcp": 2000, "unix": 100}
"""Messages at once: datagrams are dropped where nobody reads them fast enough."""


@contextmanager
def sending(program: Program, form: Form, folder: Path) -> Iterator[tuple[Relay, Socket]]:
    """Yield a relay, and the receiver it sends to."""
    if problem := relay.missing(program):
        pytest.skip(problem)
    unix = folder / "receiver"
    one = Socket(form.kind, str(unix) if form.kind == "unix" else "127.0.0.1")
    with (
        closing(one.arrivals),
        closing(one.source),
        Relay(program, folder, form, (one.endpoint.host, one.port)) as sender,
    ):
        yield sender, one


@pytest.mark.parametrize(("program", "form"), [*product(["rsyslogd", "syslog-ng"], FORMS)])
def test_what_a_relay_passes_on_is_a_line(program: Program, form: Form, tmp_path: Path) -> None:
    """Host, program and process are there, in either form and framing, and what is not ASCII, too."""
    texts = [ATTACK, "Grüße", "a: b", *(f"number {number}" for number in range(MOST[form.kind]))]
    with sending(program, form, tmp_path) as (sender, one):
        sender.log("sshd[311]", *texts)

        lines = [line for line in one.hears(len(texts)) if " sshd[311]: " in line]

    name = socket.gethostname().partition(".")[0]
    assert [line.partition(f" {name} sshd[311]: ")[2] for line in lines] == texts
