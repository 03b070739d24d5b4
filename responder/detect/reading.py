"""reading - how the lines of one log are read, and what earlier ones of it told."""

from collections.abc import Callable
from typing import NamedTuple

from responder.detect.trails import Trails
from responder.formats.stamps import Stamps
from responder.formats.syslog import Header


class Reading(NamedTuple):
    """*header* reads what stands before a message; where that does not name the program, it is *program*."""

    stamps: Stamps
    header: Callable[[bytes], Header | None]
    program: bytes
    trails: Trails
