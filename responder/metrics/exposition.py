"""exposition - the latest figures in the form that Prometheus reads.

The daemon hands figures in, threads that serve or write them take them out: what
is handed over is never changed again, so nobody waits for anybody.  Files that are
told of are looked at by those threads, lest a file system that hangs hold up more.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from responder.metrics.family import Family, gauges

_KINDS = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class Exposition(Collector):
    """Holds what was shown last; says of *files* when each last changed, 0 where there is none."""

    def __init__(self, files: Sequence[str] = ()) -> None:
        self._files = files
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
        changed = gauges(
            "export_changed_timestamp_seconds", "When an export last changed.", "output", _changes(self._files)
        )
        for family in (*self._families, changed):
            made = _KINDS[family.kind](family.name, family.meaning, labels=family.labels)
            for labels, figure in family.figures.items():
                made.add_metric(labels, figure)
            yield made


def _changes(files: Iterable[str]) -> dict[str, float]:
    found = dict.fromkeys(files, 0.0)
    for path in found:
        try:
            found[path] = os.stat(path).st_mtime  # noqa: PTH116
        except OSError:
            continue
    return found
