"""status - what `responder status` tells of one followed log."""

from typing import Literal, NamedTuple

State = Literal["present", "absent", "unreadable"]


class Status(NamedTuple):
    """How one log fares since the program started.

    *behind* counts the bytes written and not yet handed out, *lost* those known
    to be gone unread; each of *losses* says what was lost and why, the latest last.
    """

    path: str
    state: State
    reason: str
    behind: int
    read: int
    overlong: int
    rotations: int
    lost: int
    losses: tuple[str, ...]
