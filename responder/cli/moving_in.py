"""moving_in - carry out what `responder import` planned: write settings and rules, ban who was banned."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from responder import config as configuration
from responder.cli.bans import not_there_yet
from responder.cli.output import ask
from responder.draft import Draft
from responder.errors import Refused, ResponderError, UsageError
from responder.moving.plan import EVER, OldBan, Plan
from responder.moving.remark import Remark
from responder.moving.settings import together

_AT_ONCE = 500


class Written(NamedTuple):
    """The files that were written, and what has to be said of it."""

    paths: tuple[Path, ...]
    remarks: tuple[Remark, ...]


def write(plan: Plan, folder: Path) -> Written:
    """Write the settings and rules of *plan* into *folder*: all of them, or none.

    Settings that are there stay as they are, and get what they lack; the file keeps its mode and owner.  Raises
    UsageError where a rule file is there that is not the same, where what came out cannot be used, and where the
    folder cannot be written; then everything is as it was.
    """
    new: list[Path] = []
    settings, rules = (folder / "responder.toml").resolve(), folder / "rules.d"
    draft = Draft(settings)
    try:
        before = settings.read_text("utf-8") if settings.exists() else None
        made = together(before or "", plan, str(rules))
        rules.mkdir(parents=True, exist_ok=True)
        for file in plan.rules:
            path = rules / file.name
            if not path.exists():
                new.append(path)
                path.write_text(file.text, "utf-8")
            elif path.read_text("utf-8") != file.text:
                raise UsageError(f"{path} is there already, and differs; move it away, or write into another folder")
        draft.write([made.text])
        configuration.load(draft.beside).rules()
        if before is None or before == made.text:
            kept = []
        else:
            kept = [settings.with_name("responder.toml.before")]
            kept[0].unlink(missing_ok=True)
            kept[0].hardlink_to(settings)  # nobody may read it who could not before
        draft.publish()
    except (OSError, ValueError, ResponderError) as error:
        for path in (*new, draft.beside):
            with suppress(OSError):  # a folder that cannot be written has none of them
                path.unlink()
        why = f"what came out cannot be used: {error}" if isinstance(error, Refused) else error
        raise UsageError(f"nothing was written: {why}") from None
    return Written((settings, *new, *kept), made.remarks)


def ban(bans: tuple[OldBan, ...], config: Path | None, *, quiet: bool) -> dict[str, Any]:
    """Have the daemon of *config* ban whom *bans* had banned, for as long; return what it did.

    Raises UsageError where the kernel or the disk does not have them yet.
    """
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
            not_there_yet(answer)
    return done


def _asked(one: OldBan) -> dict[str, Any]:
    until = one.since + EVER if one.until is None else one.until
    seconds = min(max(1.0, until - time.time()), EVER)
    return {"address": str(one.prefix), "seconds": seconds, "reason": one.why}
