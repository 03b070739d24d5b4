"""Which names are those of rotated logs."""

import pytest

from responder.sources.siblings import is_turn


@pytest.mark.parametrize(
    "name",
    [
        "mail.log.1",
        "mail.log-20240717",
        "mail.log.2.gz",
        "mail.log.old",
        "mail.log.gz",
        "mail.log~",
        "mail.log.2024-07-17_03:00",
        "mail.1.log",
        "mail-20240717.log",
        "mail-20240717.log.xz",
    ],
)
def test_a_rotated_log_is_known_by_its_name(name: str) -> None:
    assert is_turn(name, "mail.log")


@pytest.mark.parametrize("name", ["mail.log.info", "mail.info", "mail2.log", "mail-1.log", "mail.log2", "mail.log.d"])
def test_another_log_is_not_taken_for_a_rotated_one(name: str) -> None:
    assert not is_turn(name, "mail.log")
