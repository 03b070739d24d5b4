"""family - figures of one kind, as a value: what they are called, what they mean, and one for each set of labels."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Labels = tuple[str, ...]


class Family(NamedTuple):
    """*figures* by the values of *labels*; a counter only grows, and its *name* ends in ``_total``."""

    kind: Literal["counter", "gauge"]
    name: str
    meaning: str
    labels: Labels
    figures: Mapping[Labels, float]


def gauge(name: str, meaning: str, figure: float) -> Family:
    """Return the one figure called *name*."""
    return Family("gauge", f"responder_{name}", meaning, (), {(): figure})


def gauges(name: str, meaning: str, label: str, figures: Mapping[str, float]) -> Family:
    """Return figures that go up and down, by the value of *label*."""
    return Family("gauge", f"responder_{name}", meaning, (label,), {(key,): figure for key, figure in figures.items()})


def total(name: str, meaning: str, figure: float) -> Family:
    """Return the one figure called *name*, which only grows."""
    return Family("counter", f"responder_{name}_total", meaning, (), {(): figure})


def totals(name: str, meaning: str, label: str, figures: Mapping[str, float]) -> Family:
    """Return figures that only grow, by the value of *label*."""
    return Family("counter", f"responder_{name}_total", meaning, (label,), {(key,): n for key, n in figures.items()})


def pairs(name: str, meaning: str, labels: Labels, figures: Mapping[Labels, float]) -> Family:
    """Return figures that only grow, by the values of several *labels*."""
    return Family("counter", f"responder_{name}_total", meaning, labels, dict(figures))
