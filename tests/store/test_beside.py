"""What another process's store says is read beside it: the latest that are wanted, by an index, and without writing."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.decide.tracker import Judgement
from responder.errors import StoreError
from responder.store import beside
from responder.store.state import Batch, StateStore
from tests.store import strategies as some
from tests.store.strategies import NOON


@given(st.lists(some.judgements, max_size=25), st.integers(1, 10))
@settings(max_examples=40, deadline=None)
def test_the_latest_that_are_wanted_are_read_while_they_are_written(judgements: list[Judgement], most: int) -> None:
    """Oldest first, of the rules that are named."""
    rules = sorted({one.offence.rule for one in judgements})[:2]
    with tempfile.TemporaryDirectory() as folder, closing(StateStore(Path(folder, "state.db"))) as store:
        store.commit(Batch(judgements), NOON)

        found = beside.latest(store.path, rules, lambda line: len(line) % 2 == 0, most)

        matching = (one for one in judgements if one.offence.rule in rules and len(one.offence.line) % 2 == 0)
        assert found == sorted((one._replace(ban=None) for one in matching), key=lambda one: one.offence.time)[-most:]


def test_the_question_runs_on_an_index_and_looks_at_a_bounded_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "LOOKED_AT", 2)
    said: list[tuple[str, object]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    with closing(StateStore(tmp_path / "state.db")) as store:
        store.commit(Batch([some.judgement("192.0.2.7")] * 3), NOON)
        rule = some.judgement("192.0.2.7").offence.rule
        sa.event.listen(sa.Engine, "before_cursor_execute", keep)
        try:
            assert len(beside.latest(store.path, [rule], lambda _: True, 10)) == 2
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", keep)
        [(query, parameters)] = said
        raw = store._connection.connection.driver_connection
        assert raw
        plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
    assert "SCAN offences USING INDEX offences_by_time" in plan
    assert not any("B-TREE" in step for step in plan)


def test_there_must_be_one(tmp_path: Path) -> None:
    """Nothing is made by who only reads."""
    with pytest.raises(StoreError, match="unable to open"):
        beside.latest(tmp_path / "state.db", ["x"], lambda _: True, 1)
    assert not list(tmp_path.iterdir())
