"""moving_in - carry out what `responder import` planned: write settings and rules, ban who was banned."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from responder import config as configuration
from responder.cli.output import ask
from responder.errors import Refused, UsageError
from responder.moving.plan import OldBan, Plan
from responder.moving.remark import Remark
from responder.moving.settings import together
from responder.times import DAY

_AT_ONCE = 500
_LONGEST = 3650 * DAY


class Written(NamedTuple):
    """The files that were written, and what has to be said of it."""

    paths: tuple[Path, ...]
    remarks: tuple[Remark, ...]


def write(plan: Plan, folder: Path) -> Written:
    """Write the settings and rules of *plan* into *folder*: all of them, or none.

    Settings that are there stay as they are, and get what they lack.  Raises UsageError where a rule file is there that
    is not the same, and where what came out cannot be used; then everything is as it was.
    """
    settings, rules = folder / "responder.toml", folder / "rules.d"
    before = settings.read_text("utf-8") if settings.exists() else None
    made = together(before or "", plan, str(rules))
    files = {rules / file.name: file.text for file in plan.rules}
    for path, text in files.items():
        if path.exists() and path.read_text("utf-8") != text:
            raise UsageError(f"{path} is there already, and differs; move it away, or write into another folder")
    new = [path for path in files if not path.exists()]
    rules.mkdir(parents=True, exist_ok=True)
    for path in new:
        path.write_text(files[path], "utf-8")
    draft = folder / "responder.toml.new"
    draft.write_text(made.text, "utf-8")
    try:
        configuration.load(draft).rules()
    except Refused as error:
        for path in (*new, draft):
            path.unlink()
        raise UsageError(f"what came out cannot be used, so nothing was written: {error}") from None
    kept = () if before is None or before == made.text else (folder / "responder.toml.before",)
    for path in kept:
        path.write_text(before or "", "utf-8")
    draft.replace(settings)
    return Written((settings, *new, *kept), made.remarks)


def ban(bans: tuple[OldBan, ...], config: Path | None, *, quiet: bool) -> dict[str, Any]:
    """Have the daemon of *config* ban whom *bans* had banned, for as long; return what it did."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    done: dict[str, Any] = {"banned": 0, "longer": 0, "refused": []}
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("banning", total=len(bans))
        for start in range(0, len(bans), _AT_ONCE):
            some = bans[start : start + _AT_ONCE]
            answer = ask(config, "adopt", bans=[_asked(one) for one in some])
            done = {
                "banned": done["banned"] + answer["banned"],
                "longer": done["longer"] + answer["longer"],
                "refused": [*done["refused"], *answer["refused"]],
            }
            progress.advance(task, len(some))
    return done


def _asked(one: OldBan) -> dict[str, Any]:
    until = one.since + _LONGEST if one.until is None else one.until
    seconds = min(max(1.0, until - time.time()), _LONGEST)
    return {"address": str(one.prefix), "seconds": seconds, "reason": one.why}
