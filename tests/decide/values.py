"""values - policies and offences as a test needs them: only what the test is about is given."""

from typing import Any

from responder.decide.policy import Policy
from responder.times import HOUR, MINUTE
from responder.values import Offence, Prefix

NOON = 1_795_435_200.0


def a_policy(name: str = "login", **given: Any) -> Policy:
    return Policy(**{"name": name, "limit": 3, "within": 10 * MINUTE, "ban": HOUR, **given})


def an_offence(address: str = "192.0.2.7", at: float = NOON, *, policy: str = "login", weight: int = 1) -> Offence:
    return Offence(Prefix.parse(address), "a-rule", policy, weight, at, "the line")
