"""manual.py FOLDER - write the manual pages of all commands, out of what they say of themselves.

The pages are responder(8), responder-VERB(8) and responder-ar(8); those of verbs
that have commands of their own tell of these, too.  What the commands cannot say,
files and exit statuses, stands here.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click

import responder
from responder import active_response, installer
from responder.cli.main import cli

_EXITS = """\
0   done
1   done, and the answer is no
2   wrong words on the line
64  the words do not fit together
69  the daemon or the firewall is not there
74  the state store failed
78  settings or rules cannot be used"""
_FILES = {
    "/etc/responder/responder.toml": "Settings.  --config or RESPONDER_CONFIG name another file.",
    "/etc/responder/rules.d": "Rules of this host, where the settings name that folder.",
    "/var/lib/responder": "State: who is banned, what was read, what waits in the spool.",
    "/run/responder/control.sock": "Where the commands reach the daemon.",
    "/run/responder-firewall.sock": "Where the daemon reaches the actor that is a unit of its own.",
}
_AR_FILES = {
    "/var/ossec/active-response/bin/responder-ar": "The copy that execd runs, and responder-ar.conf beside it.",
    "/var/ossec/logs/active-responses.log": "One line for each call.",
    "/var/lib/responder/spool": "Requests that wait for the daemon.",
}
_LITERAL = "\b"  # click's mark of a paragraph that keeps its lines


class Page(NamedTuple):
    """What a manual page says; *synopsis* and *body* in roff."""

    name: str
    summary: str
    synopsis: Iterable[str]
    body: Iterable[str]
    files: Mapping[str, str] = _FILES
    exits: str = _EXITS


def escaped(text: str) -> str:
    """Return *text* as roff prints it, whatever is in it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a help text."""
    for part in re.split(r"\n\s*\n", text.strip()):
        literal = part.lstrip().startswith(_LITERAL)
        lines = [line.strip() if not literal else line for line in part.replace(_LITERAL, "").strip("\n").split("\n")]
        yield from (".PP", ".nf", *map(escaped, lines), ".fi") if literal else (".PP", escaped(" ".join(lines)))


def described(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield what *command* says of itself, and of its arguments and options."""
    yield from paragraphs(command.help or "")
    for parameter in command.get_params(context):
        if (record := parameter.get_help_record(context)) and record[1]:
            yield from entry(*record)
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        each = [(name, verb) for name in command.list_commands(context) if (verb := command.get_command(context, name))]
        for name, verb in each:
            yield from entry(name, verb.get_short_help_str(200))
        for name, verb in each if context.parent else ():
            inner = click.Context(verb, info_name=name, parent=context)
            yield f".SH {escaped(name.upper())}"
            yield from usage(verb, inner)
            yield from described(verb, inner)


def entry(name: str, text: str) -> Iterator[str]:
    """Yield what *name* means."""
    yield from (".TP", f"\\fB{escaped(name)}\\fR", escaped(text))


def usage(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield how *command* is called."""
    yield f".B {escaped(context.command_path)}"
    yield escaped(" ".join(command.collect_usage_pieces(context)))


def of_the_response() -> Page:
    """Return the page of responder-ar, which is no verb: execd runs it, and its installer has other words."""
    about = (active_response.__doc__ or "").partition("\n\n")[2]
    what, _, after = about.partition("\n\n    0   ")
    exits, _, short = after.partition("\n\n")
    parser = installer.parser()
    called = parser.format_usage().removeprefix("usage: ")
    synopsis = (".nf", escaped(called.rstrip()), "responder\\-ar add|delete USER ADDRESS [ALERT [RULE]]", ".fi")
    options = (
        line
        for action in parser._actions  # noqa: SLF001 - argparse tells nobody else what its options are
        for line in entry(
            ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {action.dest.upper()}"),
            action.help or "",
        )
    )
    body = (*paragraphs(what.rpartition("\n\n")[0]), *options, *paragraphs(short))
    summary = "ban or free an address for OSSEC or Wazuh"
    exits = "0   " + "\n".join(line.strip() for line in exits.split("\n"))
    return Page(active_response.NAME, summary, synopsis, body, _AR_FILES, exits)


def written(page: Page, others: list[str]) -> str:
    """Return a whole manual page."""
    made = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    day = time.strftime("%Y-%m-%d", made)
    lines = [
        f'.TH {page.name.upper()} 8 {day} "responder {responder.__version__}" "System administration"',
        *(".SH NAME", f"{escaped(page.name)} \\- {escaped(page.summary.rstrip('.'))}", ".SH SYNOPSIS"),
        *page.synopsis,
        ".SH DESCRIPTION",
        *page.body,
        ".SH FILES",
        *(line for path, what in page.files.items() for line in (".TP", f".I {escaped(path)}", escaped(what))),
        *(".SH EXIT STATUS", ".nf", escaped(page.exits), ".fi", ".SH SEE ALSO"),
        ", ".join(f"\\fB{escaped(other)}\\fR(8)" for other in others if other != page.name),
    ]
    return "\n".join(lines) + "\n"


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and text of every page."""
    top = click.Context(cli, info_name="responder", **cli.context_settings)
    verbs = {f"responder-{name}": cli.get_command(top, name) for name in cli.list_commands(top)}
    others = ["responder", *verbs, active_response.NAME]
    summary = "log-driven active response for mail and hosting servers"
    yield "responder", written(Page("responder", summary, usage(cli, top), described(cli, top)), others)
    for name, verb in verbs.items():
        assert verb
        context = click.Context(verb, info_name=name.removeprefix("responder-"), parent=top)
        summary = verb.get_short_help_str(200)
        yield name, written(Page(name, summary, usage(verb, context), described(verb, context)), others)
    yield active_response.NAME, written(of_the_response(), others)


def main(folder: Path) -> None:
    os.environ["COLUMNS"] = "80"  # argparse breaks its lines for the terminal that is there
    for name, text in pages():
        (folder / f"{name}.8").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
