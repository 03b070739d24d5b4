"""webserver - whose access log a path is."""

ALL = ("nginx", "apache2", "httpd")
"""The programs of rules/access-log.toml."""


def of(path: str) -> str:
    """Return the web server that *path* names, the first of all where it names none."""
    return next((name for name in ALL if name in path), ALL[0])
