"""manual.py FOLDER - write manual pages for responder and each of its verbs, out of what they say of themselves.

The pages are responder(8) and responder-VERB(8); those of verbs that have
commands of their own tell of these, too.  What the commands cannot say, files and
exit statuses, stands here.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

import responder
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
_LITERAL = "\b"  # click's mark of a paragraph that keeps its lines


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
    yield f".B {escaped(context.command_path)}"
    yield escaped(" ".join(command.collect_usage_pieces(context)))
    yield from paragraphs(command.help or "")
    for parameter in command.get_params(context):
        if record := parameter.get_help_record(context):
            yield from (".TP", f"\\fB{escaped(record[0])}\\fR", escaped(record[1]))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if context.parent and (verb := command.get_command(context, name)):
                yield f".SH {escaped(name.upper())}"
                yield from described(verb, click.Context(verb, info_name=name, parent=context))


def page(name: str, summary: str, body: Iterator[str], others: list[str]) -> str:
    """Return a whole manual page."""
    made = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    day = time.strftime("%Y-%m-%d", made)
    lines = [
        f'.TH {name.upper()} 8 {day} "responder {responder.__version__}" "System administration"',
        *(".SH NAME", f"{escaped(name)} \\- {escaped(summary.rstrip('.'))}", ".SH DESCRIPTION"),
        *body,
        ".SH FILES",
        *(line for path, what in _FILES.items() for line in (".TP", f".I {escaped(path)}", escaped(what))),
        *(".SH EXIT STATUS", ".nf", escaped(_EXITS), ".fi", ".SH SEE ALSO"),
        ", ".join(f"\\fB{escaped(other)}\\fR(8)" for other in others if other != name),
    ]
    return "\n".join(lines) + "\n"


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and text of every page."""
    top = click.Context(cli, info_name="responder")
    verbs = {f"responder-{name}": cli.get_command(top, name) for name in cli.list_commands(top)}
    others = ["responder", *verbs]
    summary = "log-driven active response for mail and hosting servers"
    yield "responder", page("responder", summary, described(cli, top), others)
    for name, verb in verbs.items():
        assert verb
        context = click.Context(verb, info_name=name.removeprefix("responder-"), parent=top)
        yield name, page(name, verb.get_short_help_str(200), described(verb, context), others)


def main(folder: Path) -> None:
    for name, text in pages():
        (folder / f"{name}.8").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
