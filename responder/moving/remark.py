"""remark - one line of the report on what became of somebody's configuration.

kept       it is in the new settings or rules, and means what it meant
tightened  it is there, and matches or does less than it did; the text says how
human      it is not there, or not as it was: somebody has to look
"""

from typing import Literal, NamedTuple

Kind = Literal["kept", "tightened", "human"]


class Remark(NamedTuple):
    """What became (*kind*, *text*) of that which stands *where*: a file and line, a jail, a filter."""

    kind: Kind
    where: str
    text: str
