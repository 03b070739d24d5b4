"""sending - what ``responder explain`` tells of quotas: of a sender, and of an address that they count as a client."""

import re
from pathlib import Path
from typing import Any

from responder.cli.output import print_json, say
from responder.errors import StoreError

_NUMERIC = re.compile(r"[0-9./]*|.*:.*")


def is_sender(text: str) -> bool:
    """Tell whether *text* is an e-mail address, a domain or a SASL user, and no address of a host, however mistyped."""
    return not _NUMERIC.fullmatch(text.strip())


def explain(config: Path | None, text: str, *, as_json: bool) -> None:
    """Tell all that is known about the sender *text*, and about the domain of an e-mail address."""
    from responder.cli import quotas  # noqa: PLC0415 - an address need not wait for it
    from responder.quota import keys, quota  # noqa: PLC0415

    with quotas.opened(config) as books:
        answers = [quotas.known(books, key) for key in quota.names(keys.canonical(text))]
    if as_json:
        print_json({"sender": answers[0]["key"], "quota": answers})
    for answer in answers if not as_json else ():
        if quotas.anything(answer):
            say(f"\n{answer['key']}:" if answer is not answers[0] else f"{answer['key']}:")
            quotas.tell(answer)
        else:
            say(f"{answer['key']}: no quota knows it")
    if not any(map(quotas.anything, answers)):
        raise SystemExit(1)


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
