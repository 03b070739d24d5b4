"""program - a notice for a program of the administrator's: words, environment, and JSON on standard input.

Never through a shell.  A value is a word of its own, and none of them looks like an
option; the environment has RESPONDER_EVENT, _TITLE, _TEXT, _PREFIX and so on; all there
is to say, evidence included, is on standard input.
"""

import os

from responder import program
from responder.notices.notice import Notice, SendError, line
from responder.settings.notify import PLACES, NotifySettings

PATIENCE = 60.0
_KEPT = ("PATH", "LANG", "TZ", "HOME")
_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


def send(settings: NotifySettings, notice: Notice, patience: float = PATIENCE) -> None:
    """Bring *notice*; raises SendError, to be tried again where the program ends with 75 or takes too long."""
    words = [notice.value(word[1:-1]) if word.startswith("{") else word for word in settings.command]
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {f"RESPONDER_{place.upper()}": notice.value(place) for place in PLACES}
    try:
        status, said = program.run(words, patience, notice.json, environment)
    except (OSError, ValueError) as error:  # ValueError: a word that the locale cannot say
        raise SendError(f"{words[0]} cannot be run: {error}", again=False) from None
    if status is None:
        raise SendError(f"{words[0]} took longer than {patience:g} s, and was ended")
    if status:
        raise SendError(f"{words[0]} ended with status {status}: {line(said, 300)}", again=status == _TEMPORARY)
