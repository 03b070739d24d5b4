"""blacklist - ``responder blacklist``: what is reported and listed."""

import click

from responder.cli.blacklist_import import import_list
from responder.cli.blacklist_parse import parse


@click.group()
def blacklist() -> None:
    """Read reported mails and lists of others.

    \b
    responder blacklist parse --dry-run spam.eml
    responder blacklist import --dry-run list.txt
    """


blacklist.add_command(parse)
blacklist.add_command(import_list)
