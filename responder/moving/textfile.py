"""textfile - the lines of a file that somebody else's program reads, whatever is in it."""

from pathlib import Path

from responder.errors import UsageError


def lines(path: Path, remedy: str) -> list[str]:
    """Return the lines of the file at *path*.

    Raises UsageError, which ends with *remedy*, where it cannot be read, or is none: a device may never end.
    """
    try:
        if path.is_file():
            return path.read_bytes().decode("utf-8-sig", "replace").split("\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}; {remedy}") from None
    raise UsageError(f"{path}: there is no such file; {remedy}")
