"""blacklist - ``responder blacklist``: what is reported and listed, and who decides."""

import click

from responder.cli.blacklist_allow import allow, allowed, disallow
from responder.cli.blacklist_import import import_list
from responder.cli.blacklist_parse import parse
from responder.cli.blacklist_proposals import proposals
from responder.cli.blacklist_removals import request_removal, review
from responder.cli.blacklist_report import report, vote
from responder.cli.blacklist_reporters import group, reporter
from responder.cli.blacklist_score import score
from responder.cli.blacklist_serve import serve
from responder.cli.blacklist_show import history, list_entries, show


@click.group()
def blacklist() -> None:
    """Report, vote, look up, and decide who is listed.

    A SUBJECT is an address, a network, an e-mail address, a domain or a URL.

    \b
    responder blacklist reporter add koko --group person
    responder blacklist report 192.0.2.7 --reporter koko --category spam
    responder blacklist show 192.0.2.7
    responder blacklist request-removal 192.0.2.7 --by "Pat" --contact pat@example.org --text "cleaned up"
    responder blacklist review
    """


for command in (
    report,
    vote,
    show,
    list_entries,
    history,
    reporter,
    group,
    score,
    allow,
    disallow,
    allowed,
    request_removal,
    review,
    proposals,
    parse,
    import_list,
    serve,
):
    blacklist.add_command(command)
