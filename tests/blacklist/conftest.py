"""A blacklist on SQLite and one on PostgreSQL, empty for each test; no statement may walk through a table."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from responder.blacklist import database
from tests.blacklist.blacklist import Blacklist, made_empty
from tests.blacklist.plans import Plans
from tests.lab import postgresql


@pytest.fixture(scope="session")
def _engines() -> Iterator[dict[str, tuple[sa.Engine, Plans]]]:
    made: dict[str, tuple[sa.Engine, Plans]] = {}
    yield made
    for engine, _ in made.values():
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _engines: dict[str, tuple[sa.Engine, Plans]],
) -> Iterator[sa.Engine]:
    """Give an empty blacklist; fail a test that made it walk through a table."""
    if request.param not in _engines:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('blacklist') / 'test.db'}"
        else:
            server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
            url = server.database()
        opened = database.connect(url)
        _engines[request.param] = opened, Plans(opened)
    found, plans = _engines[request.param]
    made_empty(found)
    yield found
    assert plans.walks() == []


@pytest.fixture
def blacklist(engine: sa.Engine) -> Blacklist:
    return Blacklist(engine)
