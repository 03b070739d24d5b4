"""policyd - ``responder policyd``: the policy service in the foreground."""

import sys
from pathlib import Path

import click

from responder import ownlog
from responder.cli.output import config_option
from responder.whereabouts import find


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
    ownlog.begin("responder-policyd", aside=True)
    sys.setswitchinterval(0.0005)  # seconds that the thread at the database may keep answers waiting

    async def serve() -> None:
        await Service(settings, read, Watch(settings)).run()

    asyncio.run(serve())
