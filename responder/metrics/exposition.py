"""exposition - the latest figures in the form that Prometheus reads.

The daemon hands figures in, threads that serve or write them take them out: what
is handed over is never changed again, so nobody waits for anybody.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from responder.metrics.family import Family

_KINDS = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class Exposition(Collector):
    """Holds what was shown last."""

    def __init__(self) -> None:
        self._families: tuple[Family, ...] = ()
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def show(self, families: Iterable[Family]) -> None:
        """Have *families* take the place of what was shown before."""
        self._families = tuple(families)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is may change."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what was shown last, as the library has it."""
        for family in self._families:
            made = _KINDS[family.kind](family.name, family.meaning, labels=family.labels)
            for labels, figure in family.figures.items():
                made.add_metric(labels, figure)
            yield made
