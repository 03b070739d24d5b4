"""contrib/postfix/two-queue as it is set up, used as PHP does, under a backlog, and taken back."""

import shutil
from collections.abc import Iterator

import pytest

from tests.lab import postfix
from tests.lab.network import Network
from tests.lab.policyd import Policyd, reachable
from tests.lab.twoqueue import FOLDER, TwoQueues
from tests.lab.wait import until

pytestmark = pytest.mark.kernel

QUOTAS = """
[[quota]]
key     = "sender-domain"
context = "outgoing"
limits  = ["5 messages per 10s"]

[quota.override]
"slow200.example" = ["1 messages per 1d"]
"slow2000.example" = ["1 messages per 1d"]
"""


@pytest.fixture(scope="module")
def policyd() -> Iterator[Policyd]:
    with reachable(QUOTAS) as running:
        yield running


@pytest.fixture(scope="module")
def untouched(net: Network, policyd: Policyd) -> Iterator[TwoQueues]:
    if problem := postfix.missing():
        pytest.skip(problem)
    with TwoQueues(net.srv, f"unix:{policyd.socket}") as made:
        yield made


def configuration(queues: TwoQueues) -> str:
    """Return what the main instance's configuration says, in whatever order."""
    files = [(queues.main / name).read_text() for name in ("main.cf", "master.cf")]
    return "\n".join(sorted("\n".join(files).split("\n")))


@pytest.fixture(scope="module")
def queues(untouched: TwoQueues) -> Iterator[TwoQueues]:
    """Give both instances, running; what the script does before and after is looked at here, once for all tests."""
    before = configuration(untouched)
    untouched.start()
    assert untouched.setup("--dry-run").returncode == 0
    assert untouched.setup("--check").returncode == 1
    assert configuration(untouched) == before
    assert not untouched.second.exists()
    done = untouched.setup()
    assert done.returncode == 0, done.stdout + done.stderr
    untouched.tune(minimal_backoff_time="2s", maximal_backoff_time="4s", queue_run_delay="1s")

    yield untouched

    until(lambda: _emptied(untouched), within=30, what="an empty second queue", every=0.2)
    untouched.run("install", "-D", "-o", "postfix", "/dev/null", str(untouched.folder / "queue2/defer/A/A2146E1"))
    done = untouched.setup("--undo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert untouched.setup("--undo").returncode == 0
    assert configuration(untouched) == before
    places = [untouched.folder / part for part in ("postfix2525", "queue2", "data2", "php", "units")]
    assert [left for place in places for left in place.rglob("*")] == []


def _emptied(queues: TwoQueues) -> bool:
    queues.run("postsuper", "-c", str(queues.second), "-d", "ALL")
    return not queues.waiting(queues.second)


def test_a_second_call_changes_nothing(queues: TwoQueues) -> None:
    before = configuration(queues), (queues.second / "main.cf").read_text()

    assert queues.setup().stdout == "two-queue: all is set up\n"
    assert queues.setup("--check").returncode == 0
    assert (configuration(queues), (queues.second / "main.cf").read_text()) == before


def test_the_sixth_waits_in_the_second_queue_and_is_delivered_later(queues: TwoQueues) -> None:
    """Nothing is lost and nothing comes twice; another sender is not made to wait with it."""
    six = [f"r{number}@six.test" for number in range(6)]
    queues.php_mail("news@shop.example", *six)
    reason = until(lambda: "".join(queues.deferred("news@shop.example")), within=30, what="a message that waits")
    assert "450 4.7.1" in reason
    assert "over the limit of 5 messages per 10s for shop.example" in reason

    queues.php_mail("news@other.example", "other@six.test")
    until(lambda: queues.sent(["other@six.test"]), within=30, what="the other sender's mail")
    until(lambda: sorted(queues.sent(six)) == six, within=60, what="all six")
    until(lambda: not queues.deferred("news@shop.example"), what="an empty second queue")
    assert not queues.waiting(queues.main)


@pytest.mark.parametrize("backlog", [200, pytest.param(2000, marks=pytest.mark.long)])
def test_a_long_second_queue_delays_neither_others_nor_the_main_queue(queues: TwoQueues, backlog: int) -> None:
    """It waits as a whole, is counted, and keeps the arrangement from being taken back."""
    until(lambda: _emptied(queues), within=30, what="an empty second queue", every=0.2)
    slow, others = f"news@slow{backlog}.example", [f"{who}@long{backlog}.test" for who in ("quick", "main")]
    load = ["-s", "20", "-m", str(backlog), "-f", slow, "-t", "x@slow.test"]
    queues.run("smtp-source", *load, "127.0.0.1:2525", check=True)
    until(lambda: queues.held(slow) == backlog - 1, within=60, what="a backlog", every=0.2)
    until(lambda: not queues.held(slow, "incoming"), within=120, what="each tried once", every=0.2)

    queues.php_mail("a@quick.example", others[0])
    queues.run("sendmail", "-f", "b@main.example", others[1], input="Subject: x\n\nx\n", check=True)
    until(lambda: queues.sent(others[1:]), within=30, what="the main queue's mail")
    until(lambda: queues.sent(others[:1]), within=30, what="another sender's mail")
    until(lambda: queues.held(slow) == backlog - 1, what="the same backlog", every=0.2)
    said = queues.run(str(FOLDER / "queue-size"), str(queues.second), check=True).stdout
    kept = [line.rsplit(" ", 1) for line in said.splitlines() if line.startswith("postfix_queue_messages{")]
    assert len(kept) == 5
    assert sum(int(number) for _, number in kept) > 0
    assert said.count('instance="postfix2525",queue="deferred"') == 3
    refused = queues.setup("--undo")
    assert refused.returncode == 1
    assert "messages wait" in refused.stdout
    assert queues.setup().returncode == 0


def test_who_goes_around_the_second_queue_is_noted(queues: TwoQueues) -> None:
    """An application that speaks SMTP to port 25; what comes by the second queue is not."""
    queues.php_mail("a@through.example", "through@around.test")
    queues.run("smtp-source", "-f", "a@around.example", "-t", "around@around.test", "127.0.0.1:25", check=True)
    until(lambda: len(queues.sent(["around@around.test", "through@around.test"])) == 2, within=30)
    config = queues.folder / "scan.toml"
    config.write_text(f'state = "{queues.folder}"\nenable = ["postfix-local-bypass"]\n')

    said = queues.run(
        shutil.which("responder") or "responder", "--config", str(config), "scan", "--json", str(queues.log)
    )

    assert '"postfix-local-bypass": 1' in said.stdout, said.stdout + said.stderr
