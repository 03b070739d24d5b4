"""values - requests and quotas for tests."""

from itertools import count
from typing import Any

from responder.quota.judge import Judge
from responder.quota.quota import ready
from responder.quota.request import Request
from responder.quota.standing import Standing
from responder.settings.quota import QuotaSettings
from tests.lab.policyd import Policyd

NOON = 1_800_000_000.0
_instances = count(1)


def a_request(**attributes: object) -> Request:
    """Return a request about a message; each has an instance of its own unless one is given."""
    usual: dict[str, object] = {
        "request": "smtpd_access_policy",
        "protocol_state": "RCPT",
        "sender": "news@shop.example",
        "recipient": "someone@else.test",
        "recipient_count": 0,
        "client_address": "192.0.2.7",
        "instance": f"test.{next(_instances)}",
        "size": 0,
    }
    return {name.encode(): str(value).encode() for name, value in (usual | attributes).items()}


def wire(request: Request) -> bytes:
    """Return the bytes that Postfix would send."""
    return b"".join(b"%b=%b\n" % pair for pair in request.items()) + b"\n"


def a_quota(key: str = "sender-domain", *limits: str, **more: Any) -> QuotaSettings:
    """Return a quota, of three messages a minute unless *limits* are given."""
    return QuotaSettings.model_validate({"key": key, "limits": list(limits or ("3 messages per 1m",)), **more})


def a_judge(*quotas: QuotaSettings, standing: Standing | None = None, most: int = 1000) -> Judge:
    """Return a judge of *quotas*."""
    return Judge(ready(quotas or (a_quota(),)), standing or Standing(), most)


def said(judge: Judge, request: Request, now: float = NOON) -> str:
    """Return the action that the judge answers."""
    return judge.judge(request, now).answer.decode().removeprefix("action=").strip()


def used(judge: Judge, key: str, quota: str = "sender-domain", now: float = NOON) -> list[int]:
    """Return what an account has used of each of its limits."""
    account = judge.accounts.get((quota, key))
    assert account
    parts = zip(account.plan.parts, account.windows, strict=True)
    return [window.used(int(now * 60 // part.within)) for part, window in parts]


THREE = '[[quota]]\nkey = "sender-domain"\nlimits = ["3 messages per 1d"]\n'
"""Settings: three messages a day for each domain."""


def send(policyd: Policyd, count: int, domain: str = "shop.example") -> list[str]:
    """Return what so many new messages of a domain were answered, each by its first word."""
    requests = [a_request(sender=f"a@{domain}") for _ in range(count)]
    with policyd.client() as client:
        return [answer.partition(" ")[0] for answer in client.ask(*requests)]


def told(policyd: Policyd, domain: str = "shop.example") -> str:
    """Return what one more message of a domain is answered."""
    with policyd.client() as client:
        return client.ask(a_request(sender=domain and f"a@{domain}"))[0]
