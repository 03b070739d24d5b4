"""texts - words that others wrote, made fit to be kept: cut, and without what no database takes.

Pure.
"""


def kept(text: str, most: int = 2000) -> str:
    """Return *text*, at most *most* characters of it, with NULs and halves of characters replaced."""
    return text[:most].replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
