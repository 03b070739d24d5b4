"""demo - responder at work, for everyone to see; contrib/quickstart starts it.

A network of its own, in network namespaces: a real Postfix that real clients
attack over IPv4 and IPv6, an innocent neighbour of the attackers, an office on
the allowlist.  responder follows Postfix's log.  Everything promised in the story
is tried with real connections; the exit status is 1 if anything came out
otherwise.  Nothing of the machine's own network, mail or firewall is touched, and
nothing is left behind.
"""

import signal
import sys
import tempfile
from pathlib import Path
from subprocess import SubprocessError

from contrib import acts
from contrib.stage import Stage
from contrib.story import Story
from tests.lab import network, postfix
from tests.lab.daemon import Daemon
from tests.lab.network import Network
from tests.lab.postfix import Postfix

SETTINGS = """
[[source]]
path = "{log}"

[policy.smtp-probe]       # mail to recipients who do not exist
limit    = {limit}
within   = "10m"
ban      = "{ban}s"
escalate = 1

[policy.smtp-abuse]       # relaying
limit    = {limit}
within   = "10m"
ban      = "{ban}s"
escalate = 1

[allow]
networks = ["{office4}", "{office6}"]
"""


def main() -> int:
    """Tell the story; return the exit status."""
    if problem := network.missing() or postfix.missing():
        print(f"The demonstration cannot run here: {problem}.", file=sys.stderr)
        return 1
    # A closed terminal or a kill must clean up too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    story = Story()
    try:
        with tempfile.TemporaryDirectory(prefix="responder-demo-") as folder, Network() as net:
            play(story, net, Path(folder))
    except KeyboardInterrupt:
        story.say("Interrupted; everything is cleaned up.")
        return 130
    except (RuntimeError, TimeoutError, SubprocessError) as error:
        story.promise(str(error), kept=False)
    story.say("Cleaned up: the namespaces, Postfix and responder are gone.")
    return story.verdict()


def play(story: Story, net: Network, folder: Path) -> None:
    """Set the stage and let things happen."""
    story.title("The stage: four hosts on a network of their own; this machine's is not touched")
    for host, role in (
        (net.srv, "a Postfix, and responder with nftables"),
        (net.att, "attackers; more addresses will follow"),
        (net.good, "an innocent neighbour of the attackers"),
        (net.office, "an office on the allowlist"),
    ):
        story.add(f"{host.name:8}{host.ipv4:16}{host.ipv6:20}{role}")
    with Postfix(net.srv) as mail:
        story.say(f"Postfix answers: {net.good.connect(net.srv.ipv4, 25).greeting}")
        with Daemon(net.srv, folder, settings(net, mail.log)) as daemon:
            story.say(f"responder follows {mail.log}")
            story.add(f"{acts.LIMIT} offences within ten minutes bring a ban of {acts.BAN} s.")
            stage = Stage(story, net, daemon)
            for act in (acts.attack, acts.spare, acts.pardon, acts.wave, acts.expire):
                act(stage)


def settings(net: Network, log: Path) -> str:
    """Return responder.toml as the demonstration wants it."""
    office4, office6 = net.office.ipv4, net.office.ipv6
    return SETTINGS.format(log=log, limit=acts.LIMIT, ban=acts.BAN, office4=office4, office6=office6)


if __name__ == "__main__":
    sys.exit(main())
