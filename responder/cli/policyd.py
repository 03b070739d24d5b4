"""policyd - ``responder policyd``: the policy service in the foreground."""

import gc
import logging
import os
import sys
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import Full, Queue

import click

from responder.cli.output import config_option
from responder.whereabouts import find

_MOST_LINES = 20_000  # that wait for a log which is slow; what comes beyond is lost, not waited for


class _Patient(QueueHandler):
    """Hands lines to a thread, so that no answer waits for a pipe that nobody reads."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep *record* for the thread, or lose it where too many wait."""
        try:
            self.queue.put_nowait(record)
        except Full:
            return


@click.command()
@config_option
def policyd(config: Path | None) -> None:
    """Answer Postfix's policy requests: who may send how much.

    \b
    main.cf:  smtpd_end_of_data_restrictions =
                  check_policy_service { inet:127.0.0.1:10040, timeout=10s, default_action=DUNNO }

    SIGHUP reads the settings again, SIGTERM answers what was asked and ends.
    """
    import asyncio  # noqa: PLC0415 - help need not wait for the service

    from responder import config as configuration  # noqa: PLC0415
    from responder.config import Settings  # noqa: PLC0415
    from responder.policing.watch import Watch  # noqa: PLC0415
    from responder.quota.service import Service  # noqa: PLC0415

    def read() -> Settings:
        return configuration.load(find(config)).settings

    settings = read()
    listener = _logging()
    # What is counted lives long: looking through it for garbage again and again would make answers wait.
    gc.set_threshold(50_000, 50, 1000)
    gc.freeze()
    sys.setswitchinterval(0.0005)  # seconds that the thread at the database may keep answers waiting

    async def serve() -> None:
        await Service(settings, read, Watch(settings)).run()

    try:
        asyncio.run(serve())
    finally:
        listener.stop()


def _logging() -> QueueListener:
    """Log to standard error: on a terminal with the time, elsewhere as a journal wants it."""
    stream = logging.StreamHandler()
    timed = sys.stderr.isatty() or not os.environ.get("JOURNAL_STREAM")
    stream.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s" if timed else "%(message)s"))
    lines: Queue[logging.LogRecord] = Queue(_MOST_LINES)
    logging.getLogger().addHandler(_Patient(lines))
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    listener = QueueListener(lines, stream)
    listener.start()
    return listener
