"""fail2ban - the configuration of fail2ban as settings and rules of ours.

A jail whose filter came with fail2ban and was left as it was becomes a source
for rules of ours that do the same work (counterparts.py), and the limits that
the administrator set himself become those of their policies.  Any other filter
is converted (convert.py), with a policy of its own.

Source: fail2ban 1.0.2 and 1.1.0, jail.conf(5).
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from responder.errors import UsageError
from responder.moving import oldbans
from responder.moving.allowed import ignored
from responder.moving.ini import Ini, UndefinedError
from responder.moving.jail import Jail, jails, seconds
from responder.moving.merged import merged
from responder.moving.oldactions import actions
from responder.moving.plan import OldBan, Plan
from responder.moving.remark import Remark
from responder.moving.takeover import Share, converted, handed_over, stand_ins
from responder.times import DAY

FOLDER = Path("/etc/fail2ban")
_DATABASE = "/var/lib/fail2ban/fail2ban.sqlite3"


def read(
    folder: Path,
    now: float,
    *,
    database: Path | None = None,
    every_jail: bool = False,
    own_filters: bool = False,
    changed: Collection[Path] = (),
) -> Plan:
    """Return what the configuration in *folder* comes to, at *now* (UTC epoch seconds).

    *database* is where its bans are, if not where its settings say.  *every_jail*: also those that are not enabled.
    *own_filters*: convert also filters that rules of ours stand for.  *changed* are files that are no longer as
    they came with fail2ban.  Raises UsageError where there is no configuration.
    """
    if not (folder / "jail.conf").is_file() and not (folder / "jail.local").is_file():
        raise UsageError(f"{folder}: neither jail.conf nor jail.local is there; name fail2ban's folder")
    ini = Ini().read(_files(folder, "jail"))
    main = Ini().read(_files(folder, "fail2ban"))
    remarks = [Remark("human", str(path), f"cannot be read: {why}") for path, why in (*ini.problems, *main.problems)]
    every = list(jails(ini, folder, frozenset(changed)))
    wanted = [jail for jail in every if jail.enabled or every_jail]
    memory = _memory(main)
    shares = [_share(jail, folder, memory, changed, own_filters=own_filters) for jail in wanted]
    left_out = len(every) - len(wanted)
    if left_out:
        remarks.append(Remark("kept", str(folder), f"{left_out} jails are not enabled, and are left out"))
    if not wanted:
        remarks.append(Remark("human", str(folder), "no jail is enabled"))
    spared, together = ignored(wanted), merged(shares)
    notify, undone = actions(wanted)
    bans, unclear = oldbans.read(database, now) if database else _bans(main, now)
    unclear = (*unclear, *(Remark("human", jail.where, why) for jail in wanted for why in jail.problems))
    told = (one for share in shares for one in share.remarks)
    return Plan(
        origin=str(folder),
        sources=together.sources,
        policies=together.policies,
        about=together.about,
        allow=spared.networks,
        hosts=spared.hosts,
        disable=tuple(dict.fromkeys(name for share in shares for name in share.disable)),
        notify=notify,
        rules=tuple(file for share in shares for file in share.rules),
        bans=bans,
        remarks=(*remarks, *told, *together.remarks, *spared.remarks, *undone, *unclear),
    )


def _share(jail: Jail, folder: Path, memory: float, changed: Collection[Path], *, own_filters: bool) -> Share:
    if jail.lets_in:
        return Share(remarks=(Remark("human", jail.where, "it lets in whom it finds, which we have no rules for"),))
    if jail.filter[0] == "recidive":
        what = "who comes back is banned longer by each policy's escalate, max_ban and memory; it is not needed"
        return Share(remarks=(Remark("kept", jail.where, what),))
    try:
        if not own_filters and (share := handed_over(jail, folder, memory, frozenset(changed))):
            return share
        return converted(jail, folder, memory)._replace(disable=stand_ins(jail) if own_filters else ())
    except FileNotFoundError as error:
        problem = f"there is no filter {error}"
    except UndefinedError as error:
        problem = f"its filter cannot be read: {error}"
    return Share(remarks=(Remark("human", jail.where, problem),))


def _files(folder: Path, name: str) -> Iterator[Path]:
    for kind in ("conf", "local"):
        yield folder / f"{name}.{kind}"
        yield from sorted((folder / f"{name}.d").glob(f"*.{kind}"))


def _bans(main: Ini, now: float) -> tuple[tuple[OldBan, ...], tuple[Remark, ...]]:
    """Return the bans in force, where the settings say they are."""
    path = _database(main)
    try:
        return oldbans.read(path, now) if path and path.exists() else ((), ())
    except (UsageError, PermissionError) as error:
        return (), (Remark("human", str(path), f"{error}; without it nobody it has banned is known"),)


def _database(main: Ini) -> Path | None:
    """Return where fail2ban keeps its bans; None where it keeps none."""
    try:
        name = main.text("Definition", "dbfile") or _DATABASE
    except UndefinedError:
        name = _DATABASE
    return Path(name) if name.startswith("/") else None


def _memory(main: Ini) -> float:
    """Return how long fail2ban remembers bans, in seconds."""
    try:
        return seconds(main.text("Definition", "dbpurgeage") or "1d")
    except (UndefinedError, ValueError):
        return DAY
