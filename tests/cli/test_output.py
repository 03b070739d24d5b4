"""What people read: whatever is in a table, and however long it is, it stays one."""

import pytest

from responder.cli.output import table


@pytest.mark.parametrize("count", [2, 2000], ids=["short", "long"])
def test_a_row_is_a_line_and_nothing_in_it_reaches_the_terminal(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns stand below each other, and an escape is shown, not acted on."""
    table(("ADDRESS", "WHY"), ((f"192.0.2.{number}", "evil\x1b[2J\nrow") for number in range(count)))

    head, *rows = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == count
    assert {row.index("evil") for row in rows} == {head.index("WHY")}
    assert [row.split() for row in rows] == [[f"192.0.2.{number}", r"evil\x1b[2J\nrow"] for number in range(count)]


def test_a_long_table_does_not_fold_what_is_wide(capsys: pytest.CaptureFixture[str]) -> None:
    """Each of its lines can be searched for."""
    table(("NUMBER", "WHY"), ((number, "x" * 300) for number in range(2000)))

    assert all(line.endswith("x" * 300) for line in capsys.readouterr().out.splitlines()[1:])
