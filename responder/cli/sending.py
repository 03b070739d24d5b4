"""sending - what ``responder explain`` tells of quotas: of a sender, and of an address that they count as a client."""

import re
from pathlib import Path
from typing import Any

from responder.cli.output import print_json, say, say_offences
from responder.errors import StoreError

_NUMERIC = re.compile(r"[0-9./]*|.*:.*")


def is_sender(text: str) -> bool:
    """Tell whether *text* is an e-mail address, a domain or a SASL user, and no address of a host, however mistyped."""
    return not _NUMERIC.fullmatch(text.strip())


def explain(config: Path | None, text: str, most: int, *, as_json: bool) -> None:
    """Tell all that is known about the sender *text*, and about the domain of an e-mail address."""
    from responder.cli import quotas  # noqa: PLC0415 - an address need not wait for it
    from responder.quota import keys, quota  # noqa: PLC0415

    with quotas.opened(config) as books:
        answers = [quotas.known(books, key) for key in quota.names(keys.canonical(text))]
    sender = str(answers[0]["key"])
    listed, lines = _listed(config, sender), _lines(config, sender, most)
    if as_json:
        print_json({"sender": sender, "quota": answers, "blacklist": listed, **lines})
    for answer in answers if not as_json else ():
        if quotas.anything(answer):
            say(f"\n{answer['key']}:" if answer is not answers[0] else f"{answer['key']}:")
            quotas.tell(answer)
        else:
            say(f"{answer['key']}: no quota knows it")
    if not as_json:
        _say_more(listed, lines)
    if not (any(map(quotas.anything, answers)) or lines["offences"] or _anything(listed)):
        raise SystemExit(1)


def _listed(config: Path | None, sender: str) -> dict[str, Any] | None:
    """Return what the blacklist says of an e-mail address or a domain; None where there is none."""
    from responder.blacklist import subject  # noqa: PLC0415
    from responder.blacklist.values import Kind  # noqa: PLC0415
    from responder.cli.blacklist_about import asked  # noqa: PLC0415

    try:
        found = subject.parse(sender)
        domain = subject.parse(sender.rpartition("@")[2])
    except ValueError:
        return None
    return asked(config, found, domain) if found.kind in (Kind.EMAIL, Kind.DOMAIN) else None


def _anything(listed: dict[str, Any] | None) -> bool:
    return any((listed or {}).get(what) for what in ("allowed", "listings", "reports", "removals"))


def _lines(config: Path | None, sender: str, most: int) -> dict[str, Any]:
    """Return the offences that the daemon of this host found in lines of the policy service about *sender*."""
    from responder import config as configuration  # noqa: PLC0415
    from responder.daemon import shown  # noqa: PLC0415
    from responder.quota import notes  # noqa: PLC0415
    from responder.store import beside  # noqa: PLC0415
    from responder.whereabouts import find  # noqa: PLC0415

    path = Path(configuration.load(find(config)).settings.state, "state.db")
    if not path.exists():
        return {"offences": [], "offences_error": ""}
    try:
        found = beside.latest(path, notes.RULES, lambda line: sender in notes.about(line), most)
    except StoreError as error:
        return {"offences": [], "offences_error": str(error)}
    return {"offences": [shown.offence(one) for one in found], "offences_error": ""}


def _say_more(listed: dict[str, Any] | None, lines: dict[str, Any]) -> None:
    from responder.cli.blacklist_about import say_asked  # noqa: PLC0415

    if listed:
        say("\nOn the blacklist:")
        say_asked(listed)
    if lines["offences_error"]:
        say(f"\nOffences cannot be read: {lines['offences_error']}")
    elif lines["offences"]:
        say(f"\nOffences that the policy service logged ({len(lines['offences'])}, oldest first):")
        say_offences(lines["offences"])


def of_client(config: Path | None, address: str) -> dict[str, Any] | None:
    """Return what quotas know about the client *address*; why they cannot be asked; None where none counts it."""
    from responder import config as configuration  # noqa: PLC0415
    from responder.whereabouts import find  # noqa: PLC0415

    if not configuration.load(find(config)).settings.quota:
        return None
    from responder.cli import quotas  # noqa: PLC0415
    from responder.quota import keys  # noqa: PLC0415

    try:
        with quotas.opened(config) as books:
            answer = quotas.known(books, keys.canonical(address))
    except StoreError as error:
        return {"error": str(error)}
    return answer if quotas.anything(answer) else None


def tell(answer: dict[str, Any]) -> None:
    """Say what `of_client` found."""
    from responder.cli import quotas  # noqa: PLC0415

    if "error" in answer:
        say(f"they cannot be asked: {answer['error']}")
    else:
        quotas.tell(answer)
