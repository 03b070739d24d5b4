"""entries - one file that is looked through from beginning to end, in whatever format it is."""

import click

from responder.detect.detector import Detector
from responder.detect.trails import Trails
from responder.errors import UsageError
from responder.formats import alerts
from responder.formats.lines import HEADERS, NAMELESS
from responder.formats.stamps import Stamps
from responder.sources import Cut, last_line_end
from responder.values import Offence

form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["auto", *HEADERS, "json", *alerts.FORMATS]),
    default="auto",
    show_default=True,
    help="What the entries look like; auto knows syslog and alerts apart.",
)
program_option = click.option(
    "--program", default="", help="Whose lines they are, where they do not say (plain, access-log, json)."
)


def ask_for_program(form: str, program: str) -> None:
    """Raise UsageError where entries of *form* do not say whose they are, and *program* does not either."""
    if form in NAMELESS and not program:
        raise UsageError(f"entries of format {form} do not say whose they are; add --program NAME, nginx perhaps")


def settled(form: str, program: str) -> str:
    """Return the format of lines that *form* means (auto: syslog); raises UsageError where it means none."""
    ask_for_program(form, program)
    if form not in ("auto", *HEADERS):
        raise UsageError(f"entries of format {form} are no lines of words; this is about {', '.join(HEADERS)}")
    return "syslog" if form == "auto" else form


class Entries:
    """One file of *form*, by *program*; with ``auto`` its form shows in its beginning: alerts, else a syslog."""

    def __init__(self, detector: Detector, stamps: Stamps, form: str, program: str) -> None:
        self._detector, self._stamps, self._form, self._program = detector, stamps, form, program
        self._trails = Trails()
        self._cut: Cut | None = None
        self._alerts: alerts.Reader | None = None

    def cut(self, data: bytes) -> int:
        """Return how many bytes of *data*, the beginning of what is still to be read, are whole entries."""
        if self._cut is None:
            if self._form == "auto":
                self._form = alerts.recognise(data) or "syslog"
            self._alerts = alerts.reader(self._form) if self._form in alerts.FORMATS else None
            self._cut = alerts.cut(self._form) or last_line_end
        return self._cut(data)

    def judge(self, line: bytes) -> Offence | None:
        """Return the offence that *line*, a whole entry, is; None where no rule knows it."""
        data = line.rstrip(b"\r\n") + b"\n"
        form = alerts.recognise(data) if self._form == "auto" else self._form
        if form in alerts.FORMATS:
            found = self._detector.judge(alerts.reader(str(form)).read(data))
        else:
            found = self._detector.find(data, self._stamps, form or "syslog", self._program, self._trails)
        return next(iter(found), None)

    def find(self, data: bytes) -> list[Offence]:
        """Return the offences in *data*."""
        if self._alerts:
            return self._detector.judge(self._alerts.read(data))
        return self._detector.find(data, self._stamps, self._form, self._program, self._trails)
