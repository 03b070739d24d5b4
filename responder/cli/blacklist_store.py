"""blacklist_store - how the commands under ``responder blacklist`` reach the database, and what they share."""

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import sqlalchemy as sa

from responder import config as configuration
from responder import databases, host
from responder.blacklist import allowing, database
from responder.blacklist import subject as subjecting
from responder.blacklist.scoring import Scoring
from responder.blacklist.values import Entry, Level, Subject
from responder.config import Config, Settings
from responder.decide.allowlist import Allowed
from responder.errors import ConfigError, Refused, UsageError
from responder.times import format_time
from responder.whereabouts import find


class Store(NamedTuple):
    """The database of the settings, and how it scores."""

    engine: sa.Engine
    scoring: Scoring
    settings: Settings


class Turn(NamedTuple):
    """One transaction: its connection, how to score, and what time it is."""

    connection: sa.Connection
    scoring: Scoring
    now: float


@contextmanager
def opened(config: Path | None) -> Iterator[Store]:
    """Give the store of *config*; a ValueError inside is the caller's mistake, and told as that."""
    loaded = configuration.load(find(config))
    with connected(loaded) as engine:
        try:
            yield Store(engine, Scoring(**loaded.settings.blacklist.scoring.model_dump()), loaded.settings)
        except ValueError as error:
            raise UsageError(str(error)) from None


@contextmanager
def connected(loaded: Config) -> Iterator[sa.Engine]:
    """Give the database that *loaded* names; raises Refused where it names none."""
    if not loaded.settings.blacklist.url:
        remedy = 'add url = "sqlite:////var/lib/responder/blacklist.db", or that of a PostgreSQL'
        raise Refused([ConfigError(loaded.path or "the defaults", "blacklist.url", "is not set", remedy)])
    engine = database.connect(loaded.settings.blacklist.url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(config: Path | None) -> Iterator[Turn]:
    """Give a transaction that only reads."""
    with opened(config) as store, databases.reading(store.engine) as connection:
        yield Turn(connection, store.scoring, time.time())


@contextmanager
def writing(config: Path | None) -> Iterator[Turn]:
    """Give a transaction that may write; what this host needs is allowed before anything else."""
    with opened(config) as store, turn(store) as taken:
        yield taken


@contextmanager
def turn(store: Store) -> Iterator[Turn]:
    """Give a transaction of *store* that may write, one of several."""
    with databases.transaction(store.engine) as connection:
        taken = Turn(connection, store.scoring, time.time())
        networks = (Allowed(network, "allow.networks in the settings") for network in store.settings.allow.networks)
        own = [*networks, *host.indispensable()]
        host_name = store.settings.blacklist.reporter
        allowing.protect(connection, own, store.scoring, taken.now, host=host_name, whole=False)
        yield taken


def _subject(_ctx: click.Context, _param: click.Parameter, text: str) -> Subject:
    try:
        return subjecting.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


subject_argument = click.argument("subject", callback=_subject)
reporter_option = click.option("--reporter", required=True, metavar="NAME", help="Who says so.")
by_option = click.option(
    "--by", default=getpass.getuser, metavar="WHO", help="Who decides.  [default: your login name]"
)
level_option = click.option(
    "--level",
    type=click.Choice([level.name.lower() for level in Level]),
    default="broad",
    show_default=True,
    callback=lambda _ctx, _param, name: Level[name.upper()],
    help="Only what is at least that sure.",
)


def entry_message(entry: Entry) -> dict[str, Any]:
    """Return a listing as JSON has it."""
    return {
        "subject": entry.subject.value,
        "kind": entry.subject.kind.value,
        "level": entry.level.name.lower(),
        "score": round(entry.score, 3),
        "category": entry.category,
        "since": format_time(entry.since),
        "until": format_time(entry.until),
        "reason": entry.reason,
    }
