"""moving_in - carry out what `responder import` planned: write settings and rules, ban who was banned."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from responder import config as configuration
from responder.cli.bans import not_there_yet
from responder.cli.output import ask
from responder.draft import Draft
from responder.errors import Refused, ResponderError, UsageError
from responder.moving.plan import EVER, OldBan, Plan, RuleFile
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

    Settings come first, for a rule whose policy they do not name yet cannot be loaded: what there is when the power
    goes can be used.
    """
    settings, rules = (folder / "responder.toml").resolve(), folder / "rules.d"
    draft, drafts, published = Draft(settings), list[Draft](), list[Draft]()
    before = settings.with_name("responder.toml.before")
    try:
        there = settings.read_text("utf-8") if settings.exists() else None
        made = together(there or "", plan, str(rules))
        rules.mkdir(parents=True, exist_ok=True)
        for file in _lacking(plan, rules):
            drafts.append(Draft(rules / file.name))
            drafts[-1].write([file.text])
        draft.write([made.text])
        _try(draft, drafts, rules)
        if replaces := there is not None and there != made.text:
            before.unlink(missing_ok=True)
            before.hardlink_to(settings)  # nobody may read it who could not before
        for one in (draft, *drafts):
            one.publish()
            published.append(one)
    except (OSError, ValueError, ResponderError) as error:
        with suppress(OSError):  # a folder that cannot be written has none of them
            for one in (*drafts, draft):
                one.discard()
            for one in published[:0:-1]:
                one.path.unlink()
            if published and replaces:
                before.rename(settings)
            elif published and there is None:
                settings.unlink()
        raise UsageError(f"nothing was written: {error}") from None
    new = [one.path for one in drafts]
    return Written((settings, *new, before) if replaces else (settings, *new), made.remarks)


def _lacking(plan: Plan, rules: Path) -> Iterator[RuleFile]:
    """Yield the rule files that are not in *rules*; raise UsageError where another one is."""
    for file in plan.rules:
        path = rules / file.name
        if not path.exists():
            yield file
        elif path.read_text("utf-8") != file.text:
            raise UsageError(f"{path} is there already, and differs; move it away, or write into another folder")


def _try(draft: Draft, drafts: Iterable[Draft], rules: Path) -> None:
    """Load what the settings in *draft* come to with *drafts* in the folder *rules*; raise UsageError."""
    with TemporaryDirectory() as name:
        for path in rules.glob("*.toml"):
            copyfile(path, Path(name, path.name))
        for one in drafts:
            copyfile(one.beside, Path(name, one.path.name))
        try:
            config = configuration.load(draft.beside)
            folders = tuple(name if Path(each) == rules else each for each in config.settings.rules)
            config._replace(settings=config.settings.model_copy(update={"rules": folders})).rules()
        except Refused as error:
            raise UsageError(f"what came out cannot be used: {error}".replace(name, str(rules))) from None


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
