"""gate - how many bans may be made: none while it is closed, and never more than so many in a minute.

A fault somewhere, a rule that is too wide or a log that somebody floods, then locks
out a few and not everybody.  Whom it keeps back stays counted, and is banned at his
next offence when there is room again.

Pure: the clock is handed in; one that goes back makes room.
"""

from collections import deque

from responder.times import MINUTE


class Gate:
    """Lets *most* through in *span* seconds, 0 for any number; none while *closed*."""

    def __init__(self, most: int = 0, span: float = MINUTE) -> None:
        self._span = span
        self.closed = False
        self.kept_back = 0
        self._lately: deque[float] = deque()
        self.most = most

    def admits(self, now: float) -> bool:
        """Tell whether a ban may be made at *now*, and count it as made; else as kept back."""
        if not self.closed and self._has_room(now):
            return True
        self.kept_back += 1
        return False

    def _has_room(self, now: float) -> bool:
        if not self.most:
            return True
        lately = self._lately
        while lately and not 0 <= now - lately[0] < self._span:
            lately.popleft()
        if len(lately) >= self.most:
            return False
        lately.append(now)
        return True
