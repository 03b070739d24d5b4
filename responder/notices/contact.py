"""contact - to whom the abuse of a network is reported, as a program of the administrator's finds it."""

import re
from collections.abc import Sequence

from responder import program
from responder.notices.notice import Notice

_ADDRESS = re.compile(r"[A-Za-z0-9._%+=/-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_PATIENCE = 20.0  # seconds


def contact_of(command: Sequence[str], notice: Notice) -> str:
    """Return the mail address that *command* prints first, or nothing where it finds none."""
    if not command:
        return ""
    words = [notice.value(word[1:-1]) if word.startswith("{") else word for word in command]
    try:
        status, said = program.run(words, _PATIENCE, with_errors=False)
    except (OSError, ValueError):
        return ""
    first = said.split()[:1]
    return first[0] if status == 0 and first and _ADDRESS.fullmatch(first[0]) else ""
