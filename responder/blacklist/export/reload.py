"""reload - have the reader of an export take it: a program of the administrator's, run when the file changed."""

from collections.abc import Sequence

from responder import program

PATIENCE = 60.0
_MOST_TOLD = 300


def run(words: Sequence[str], patience: float = PATIENCE) -> str:
    """Run *words* and return what went wrong, or nothing."""
    try:
        status, said = program.run(words, patience)
    except OSError as error:
        return f"{words[0]} cannot be run: {error.strerror}"
    if status is None:
        return f"{words[0]} took longer than {patience:g} s, and was ended"
    told = " ".join(said.split())[-_MOST_TOLD:]
    return f"{words[0]} ended with status {status}" + (f": {told}" if told else "") if status else ""
