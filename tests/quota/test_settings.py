"""Settings of the policy service and of quotas: as the README shows them, and every mistake at once."""

from pathlib import Path

import pytest

from responder import config
from responder.errors import Refused
from responder.limits import BLOCKED, Allowance
from responder.settings.quota import QuotaSettings
from responder.times import DAY, HOUR

EXAMPLE = """
[policyd]
listen   = ["inet:127.0.0.1:10040", "inet:[::1]:10040", "unix:/run/responder/policy.sock"]
fallback = "DUNNO"
database = "postgresql://responder@db.example/quotas"

[[quota]]
key     = "sender-domain"
context = "outgoing"
limits  = ["20 messages per 1m", "500 recipients per 1d", "200 MB per 1d"]
warn    = [50, 90]
action  = "defer"
suspend = { after = 10, within = "1h", for = "1d" }

[quota.override]
"shop.example" = ["5000 messages per 1d"]
"old.example"  = ["blocked"]

[[quota]]
key    = "sasl-user + client | attribute:ccert_subject"
limits = ["unlimited"]
"""


def load(folder: Path, text: str) -> tuple[QuotaSettings, ...]:
    (folder / "responder.toml").write_text(text)
    return config.load(folder / "responder.toml").settings.quota


def test_an_example_with_everything_loads(tmp_path: Path) -> None:
    domains, users = load(tmp_path, EXAMPLE)

    assert domains.limits == Allowance.parse(["20 messages per 1m", "500 recipients per 1d", "200 MB per 1d"])
    assert domains.override["old.example"] == BLOCKED
    assert domains.suspend
    assert (domains.suspend.after, domains.suspend.within, domains.suspend.lasting) == (10, HOUR, DAY)
    assert (domains.called, users.called) == ("sender-domain-outgoing", "sasl-user-client-attribute-ccert_subject")
    assert (domains.counts_null_sender, users.counts_null_sender) == (False, True)


MISTAKES = [
    ('[policyd]\nlisten = ["127.0.0.1:10040"]', "no place to listen; write inet:127.0.0.1:10040"),
    ('[policyd]\nlisten = ["inet:localhost:10040"]', "no place to listen"),
    ('[policyd]\nfallback = "OK"', "would skip the checks that follow; write DUNNO"),
    ('[policyd]\nfallback = "DUNNO\\nOK"', "no action of Postfix"),
    ('[policyd]\ndatabase = "mysql://x"', "write sqlite:////var/lib"),
    ('[policyd]\nidle = "soon"', "no duration"),
    ('[policyd]\nhost = "a b"', "string should match"),
    ('[[quota]]\nlimits = ["5 messages per 1d"]', "quota[1].key: field required; add it"),
    ('[[quota]]\nkey = "sender"', "quota[1].limits: field required"),
    ('[[quota]]\nkey = "colour"\nlimits = ["5 messages per 1d"]', "'colour' is nothing to count by"),
    ('[[quota]]\nkey = "sender"\nlimits = ["5 letters per 1d"]', "'5 letters per 1d' is no limit"),
    ('[[quota]]\nkey = "sender"\nlimits = "5 messages per 1d"', "is no list of limits"),
    ('[[quota]]\nkey = "sender"\nlimits = ["unlimited"]\nwarn = [120]', "quota[1].warn[1]"),
    ('[[quota]]\nkey = "sender"\nlimits = ["unlimited"]\nsuspend = { after = 1 }', "quota[1].suspend.within"),
    (
        '[[quota]]\nkey = "global"\nlimits = ["5 messages per 1d"]\nsuspend = { after = 1, within = "1h" }',
        "would stop everybody's mail",
    ),
    ('[[quota]]\nkey = "sender"\nlimits = ["unlimited"]\n[quota.override]\n"x" = ["none"]', "'none' is no limit"),
    ('[[quota]]\nkey = "client"\nlimits = ["unlimited"]\n' * 2, "two are called client; give each a name of its own"),
    ('[[quota]]\nkey = "client"\nlimit = ["unlimited"]', "did you mean 'limits'"),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_what_would_be_right(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        load(tmp_path, text)

    assert told in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load(tmp_path, '[policyd]\nfallback = "OK"\n[[quota]]\nkey = "x"\nlimits = ["y"]\nwarn = [0]\n')

    assert len(refused.value.problems) == 4
