"""What fail2ban's own code wrote into its database is read as it meant it."""

import sqlite3
from pathlib import Path

import pytest

from responder.errors import UsageError
from responder.moving import oldbans
from tests.moving import debian as real

_NOW = 1_800_000_000


@pytest.mark.skipif(bool(real.missing()), reason=real.missing())
def test_bans_in_force_are_read_with_their_end(tmp_path: Path) -> None:
    database = tmp_path / "fail2ban.sqlite3"
    over, left, endless = (_NOW - 700, 600), (_NOW - 100, 600), (_NOW - 100, -1)
    real.banned(
        database,
        [
            ("sshd", "192.0.2.7", *over),
            ("sshd", "192.0.2.8", *left),
            ("dovecot", "2001:db8::7", *endless),
        ],
    )

    bans, remarks = oldbans.read(database, _NOW)

    assert {str(ban.prefix): (ban.since, ban.until, ban.why) for ban in bans} == {
        "192.0.2.8": (_NOW - 100, _NOW + 500, "fail2ban: sshd"),
        "2001:db8::7": (_NOW - 100, None, "fail2ban: dovecot"),
    }
    assert remarks == ()


def test_a_name_that_was_banned_is_told(tmp_path: Path) -> None:
    """fail2ban can ban what a filter calls an id, be it a user or a session."""
    database = tmp_path / "fail2ban.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE bips (ip TEXT, jail TEXT, timeofban INTEGER, bantime INTEGER)")
        connection.execute("INSERT INTO bips VALUES ('koko', 'web', ?, -1)", (_NOW,))

    bans, remarks = oldbans.read(database, _NOW)

    assert bans == ()
    assert [one.kind for one in remarks] == ["human"]
    assert "'koko'" in remarks[0].text


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_what_is_no_database_of_fail2bans_is_told(tmp_path: Path, content: bytes | None) -> None:
    database = tmp_path / "fail2ban.sqlite3"
    if content is not None:
        database.write_bytes(content)

    with pytest.raises(UsageError, match="no bans can be read"):
        oldbans.read(database, _NOW)
