"""changes - what a reader of bans or listings found since it last looked."""

from typing import NamedTuple

from responder.quota.barred import Bar
from responder.values import Prefix


class Changes(NamedTuple):
    """Bars that are new, and names of those that are no more; *anew*: these are all there are."""

    put: list[tuple[Prefix, Bar]]
    dropped: list[tuple[Prefix, int]]
    anew: bool = False


NOTHING = Changes([], [])
