"""opened - a firewall of the kernel, for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from responder.enforce.backend import Backend
from responder.enforce.choice import open_backend


@contextmanager
def opened(name: str) -> Iterator[Backend]:
    """Open the firewall called *name* in the network of whoever asks; its rules stay when it is closed."""
    with closing(open_backend(name).backend) as backend:
        yield backend


def held_by(name: str, now: float) -> set[str]:
    """Return whom the kernel stops, as somebody who never saw it before reads it."""
    with opened(name) as backend:
        return {str(target.prefix) for target in backend.held(now)}
