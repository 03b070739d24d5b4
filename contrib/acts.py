"""acts - what happens in the demonstration, act by act."""

from collections.abc import Sequence

from contrib.stage import Stage
from tests.lab.host import Host
from tests.lab.smtp import rapid
from tests.lab.wait import until

LIMIT, BAN = 5, 20
UNKNOWN, RELAY, KNOWN = "nobody{}@example.org", "someone{}@elsewhere.test", "ok@example.org"


def attack(stage: Stage) -> None:
    """Let attackers come one after the other, each until nobody answers him any more."""
    stage.story.title("The attack: each tries until nobody answers any more")
    one_network = [f"2001:db8:bad:1::{n:x}" for n in range(1, 4 * LIMIT)]
    stage.net.att.add_addresses("198.18.66.2", *one_network)
    _strike(stage, "looks for recipients:", [stage.net.att.ipv4], UNKNOWN)
    _strike(stage, "wants to relay:", ["198.18.66.2"], RELAY)
    _strike(stage, "looks for recipients:", [stage.net.att.ipv6], UNKNOWN)
    _strike(stage, "changes its address each time, inside its /64:", one_network, UNKNOWN)


def _strike(stage: Stage, what: str, sources: Sequence[str], recipient: str) -> None:
    stage.story.begin(f"{sources[0]} {what}")
    silent = False
    for number in range(4 * LIMIT):
        source = sources[number % len(sources)]
        reached, code = stage.mail(stage.net.att, recipient.format(number), source)
        silent = reached == "dropped"
        stage.story.more("silence" if silent else str(code or reached))
        if silent:
            break
    stage.story.end()
    ban = stage.ban_of(sources[0])
    if ban:
        stage.story.add(f"BAN {ban['prefix']}: {ban['reason']}")
    stage.story.promise("banned, and its connections die", kept=bool(ban) and silent)


def spare(stage: Stage) -> None:
    """Show who is never hurt."""
    stage.story.title("Those who must not be hurt")
    _err(stage, stage.net.good, LIMIT - 1, "The neighbour")
    _greeted(stage, stage.net.good, "the innocent neighbour is served")
    _err(stage, stage.net.office, 2 * LIMIT, "The office")
    _greeted(stage, stage.net.office, "the allow-listed office is served")


def _err(stage: Stage, host: Host, times: int, who: str) -> None:
    codes = [stage.mail(host, UNKNOWN.format(n))[1] for n in range(times)]
    stage.story.say(f"{who} ({host.ipv4}) names {times} unknown recipients: {' '.join(map(str, codes))}")


def _greeted(stage: Stage, host: Host, promise: str) -> None:
    for server in (stage.net.srv.ipv4, stage.net.srv.ipv6):
        greeting = host.connect(server, 25).greeting
        stage.story.promise(f"{promise}: {greeting or 'silence'}", kept=greeting.startswith("220"))


def pardon(stage: Stage) -> None:
    """Ask why somebody is banned, and lift the ban by hand."""
    address = stage.net.att.ipv4
    for words in (("explain", address, "--most", "2"), ("unban", address)):
        stage.story.title(f"$ responder {' '.join(words)}")
        stage.story.block(stage.daemon.tell(*words))
    reached, _ = stage.mail(stage.net.att, KNOWN)
    stage.story.promise("an unban works at once, its mail is taken", kept=reached == "accepted")


def wave(stage: Stage) -> None:
    """Let a hundred attackers come at the same time."""
    stage.story.title("A wave: 50 IPv4 and 50 IPv6 attackers at once")
    silent = 0
    for sources in _crowd():
        stage.net.att.add_addresses(*sources)
        tries = [(source, UNKNOWN.format(n)) for n in range(LIMIT) for source in sources]
        refused = [answer for answer in rapid(stage.net.att, stage.server(sources[0]), tries) if answer.code == 550]
        stage.story.say(f"{sources[0]} to {sources[-1]}: {len(tries)} attempts, {len(refused)} refused")
    for sources in _crowd():
        until(lambda: stage.ban_of(sources[-1]), within=5, what=f"a ban of {sources[-1]}")  # noqa: B023
        again = [(source, KNOWN) for source in sources]
        answers = rapid(stage.net.att, stage.server(sources[0]), again, timeout=1, at_once=len(again))
        silent += sum(answer.what == "dropped" for answer in answers)
    stage.story.promise(f"all of them are shut out, {silent} of 100 meet silence", kept=silent == 100)


def _crowd() -> tuple[list[str], list[str]]:
    return [f"198.19.7.{n}" for n in range(1, 51)], [f"2001:db8:bad:{n:x}::1" for n in range(0x100, 0x132)]


def expire(stage: Stage) -> None:
    """Wait for the bans to end by themselves, and let the attackers in again."""
    stage.story.title(f"Each ban ends by itself, {BAN} s after it began")
    stage.story.begin("bans in force:")
    left = -1
    while left:
        left = _other_count(stage, left)
        stage.story.more(str(left))
    stage.story.end()
    for sources in ([stage.net.att.ipv4, "198.18.66.2"], [stage.net.att.ipv6], *_crowd()):
        reached, _ = stage.mail(stage.net.att, KNOWN, sources[-1])
        stage.story.promise(f"{sources[-1]} may come again, its mail is {reached}", kept=reached == "accepted")


def _other_count(stage: Stage, last: int) -> int:
    def changed() -> tuple[int, ...]:
        count = len(stage.bans())
        return () if count == last else (count,)

    return until(changed, within=BAN + 10, what=f"fewer than {last} bans", every=0.2)[0]
