"""metrics - ``[metrics]``: figures for Prometheus, over HTTP or in a file; nothing where there is no such table."""

from typing import Annotated

from pydantic import AfterValidator

from responder.settings.base import AbsoluteOrNone, Table
from responder.settings.endpoint import Endpoint


def _address(text: str) -> str:
    try:
        Endpoint.parse(f"tcp:{text}")
    except ValueError:
        raise ValueError(f'{text!r} is no address with a port; write "127.0.0.1:9786" or "[::1]:9786"') from None
    return text


def _prom(text: str) -> str:
    if not text.endswith(".prom"):
        raise ValueError(f"{text!r} does not end in .prom, and node_exporter reads no others; rename it")
    return text


class MetricsSettings(Table):
    """Where the figures go."""

    listen: Annotated[str, AfterValidator(lambda text: text and _address(text))] = ""
    textfile: Annotated[AbsoluteOrNone, AfterValidator(lambda text: text and _prom(text))] = ""

    @property
    def endpoint(self) -> Endpoint | None:
        """Return where to listen, or None."""
        return Endpoint.parse(f"tcp:{self.listen}") if self.listen else None
