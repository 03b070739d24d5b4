"""Whatever is asked of a firewall in whatever order, and whatever others do to its rules, a sync makes it right."""

import subprocess
from contextlib import ExitStack

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from responder.enforce.backend import Backend, Target
from responder.errors import FirewallError
from responder.values import Prefix
from tests.enforce.conftest import KERNELS
from tests.enforce.namespace import inside, nft
from tests.enforce.opened import opened
from tests.enforce.targets import HOUR, at, lasting, now

_TARGETS = st.sampled_from(
    [
        at(prefix, scope)
        for prefix in ("192.0.2.7", "192.0.2.0/24", "192.0.0.0/16", "2001:db8::7", "2001:db8::/64", "2001:db8::/32")
        for scope in ("drop", "reject:25,587")
    ]
)
_CHANGES = st.dictionaries(_TARGETS, st.one_of(st.none(), st.integers(-1, 9)), min_size=1, max_size=5)
_NEVER = (Prefix.parse("192.0.2.9"), Prefix.parse("2001:db8::/48"))


_LEGACY = (
    "iptables-legacy -w -t raw -F",
    "ip6tables-legacy -w -t raw -F RESPONDER",
    "iptables-legacy -w -t raw -D PREROUTING -j RESPONDER",
    "iptables-legacy -w -t raw -I PREROUTING -s 203.0.113.1 -j ACCEPT",
    "iptables-legacy -w -t raw -A RESPONDER -s 203.0.113.1 -j DROP",
    "iptables-legacy -w -t filter -F",
)
SABOTAGE = {
    "nftables": tuple(
        f"nft '{command}'"
        for command in (
            "flush ruleset",
            "delete table inet responder",
            "flush chain inet responder prerouting",
            "flush set inet responder drop_v4_32",
            "add element inet responder drop_v4_32 { 203.0.113.1 }",
            "add element inet responder drop_v6_64 { 2001:db8:99:: timeout 1h }",
            "delete element inet responder never4 { 192.0.2.9 }",
            "add table inet responder; add set inet responder drop_v4_32 { type ipv4_addr; }",
            "add rule inet responder prerouting drop",
        )
    ),
    "iptables-plain": _LEGACY,
    "iptables-ipset": (
        *_LEGACY,
        "ipset flush responder4-drop",
        "ipset add responder4-drop 203.0.113.1",
        "ipset del responder6-drop 2001:db8::/64",
        "ip6tables-legacy -w -t raw -F; ipset destroy responder6-drop",
    ),
}


class Enforcing(RuleBasedStateMachine):
    """A firewall, what it should hold, and somebody who meddles."""

    kind = "dry-run"

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        if self.kind != "dry-run":
            self.stack.enter_context(inside())
        self.open = self.stack.enter_context(ExitStack())
        self.backend: Backend = self.open.enter_context(opened(self.kind))
        self.wanted: dict[Target, int] = {}
        self.meddled = False

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(changes=_CHANGES)
    def apply(self, changes: dict[Target, int | None]) -> None:
        start = now()
        times = {target: None if hours is None else start + hours * HOUR for target, hours in changes.items()}
        try:
            self.backend.apply(times, start)
        except FirewallError:
            assert self.meddled, "only what somebody else broke may be refused"
        for target, hours in changes.items():
            self.wanted.pop(target, None)
            if hours is not None and hours > 0:
                self.wanted[target] = hours

    @rule(wanted=st.dictionaries(_TARGETS, st.integers(1, 9), max_size=4))
    def change_all(self, wanted: dict[Target, int]) -> None:
        self.wanted = wanted
        self.sync()

    @rule()
    def sync(self) -> None:
        start = now()
        self.backend.sync({target: start + hours * HOUR for target, hours in self.wanted.items()}, _NEVER, start)
        self.meddled = False
        if self.kind == "nftables":
            assert "203.0.113.1" not in nft("list", "ruleset")

    @rule()
    def restart(self) -> None:
        """The actor dies, another one takes its place and is told everything."""
        if self.kind != "dry-run":
            self.open.close()
            self.backend = self.open.enter_context(opened(self.kind))
        self.sync()

    @rule()
    def flush(self) -> None:
        self.backend.flush()
        self.wanted, self.meddled = {}, False

    @rule(which=st.integers(0, 99))
    def meddle(self, which: int) -> None:
        commands = SABOTAGE.get(self.kind, ())
        if commands:
            done = subprocess.run(commands[which % len(commands)], shell=True, check=False, capture_output=True)
            self.meddled |= done.returncode == 0  # else what it names is not there

    @invariant()
    def holds_what_is_wanted(self) -> None:
        if hasattr(self, "stack") and not self.meddled:
            assert lasting(self.backend.held(now())) == self.wanted
            asked = Prefix.parse("192.0.2.7")
            around = {target: hours for target, hours in self.wanted.items() if target.prefix.covers(asked)}
            assert lasting(self.backend.holds(asked, now())) == around


@pytest.mark.parametrize("kind", ["dry-run", *KERNELS])
def test_the_firewall_agrees_with_the_model_after_every_step(kind: str) -> None:
    """Bans, lifts, extensions, flushes, restarts and other people's changes, in any order."""
    machine = type("Machine", (Enforcing,), {"kind": kind})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=25, phases=[Phase.generate])
    )
