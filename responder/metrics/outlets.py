"""outlets - where figures go, as ``[metrics]`` says: served, kept in a file, both or nowhere.

What serves and writes them is loaded only where it is wanted.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from responder.metrics.family import Family
from responder.settings.metrics import MetricsSettings

if TYPE_CHECKING:
    from responder.metrics.exposition import Exposition
    from responder.metrics.server import Server
    from responder.metrics.textfile import Textfile

_log = logging.getLogger("responder")


class Outlets:
    """Shows figures as *settings* ask."""

    def __init__(self, settings: MetricsSettings) -> None:
        self.on = bool(settings.listen or settings.textfile)
        self._open = contextlib.ExitStack()
        self._exposition: Exposition | None = None
        if not self.on:
            return
        from responder.metrics.exposition import Exposition  # noqa: PLC0415

        self._exposition = Exposition()
        for outlet in _outlets(settings, self._exposition):
            self._open.callback(outlet.close)

    def show(self, families: Iterable[Family]) -> None:
        """Have *families* take the place of what was shown before."""
        if self._exposition:
            self._exposition.show(families)

    def close(self) -> None:
        """Stop serving and writing."""
        self._open.close()


def _outlets(settings: MetricsSettings, exposition: Exposition) -> Iterable[Server | Textfile]:
    if endpoint := settings.endpoint:
        from responder.metrics.server import Server  # noqa: PLC0415

        try:
            yield Server(endpoint.host, endpoint.port, exposition)
        except OSError as error:
            _log.error("metrics: nobody can be served at %s: %s", settings.listen, error.strerror)
    if settings.textfile:
        from responder.metrics.textfile import Textfile  # noqa: PLC0415

        yield Textfile(Path(settings.textfile), exposition)
