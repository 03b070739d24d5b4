"""banlist - the bans that are not over, several of one prefix side by side.

Of those of one prefix and scope the one that lasts longest is in force; the
others come into force when it is lifted before they are over.

Falls short: a ban stays until `forget_ended` is called, and each who asks says
what time it is.
"""

from collections.abc import Iterable

from responder.values import Ban, Prefix, Scope


class BanList:
    """Knows who is banned."""

    def __init__(self) -> None:
        self._of: dict[Prefix, tuple[Ban, ...]] = {}

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._of)

    def enter(self, ban: Ban) -> None:
        """Add *ban*; it takes the place of one that its maker made before and that is over sooner."""
        others = self._of.get(ban.prefix)
        if others is None:
            self._of[ban.prefix] = (ban,)
        else:
            maker = ban.scope, ban.policy, ban.rule
            kept = (one for one in others if (one.scope, one.policy, one.rule) != maker or one.expires > ban.expires)
            self._of[ban.prefix] = (*kept, ban)

    def lift(self, prefix: Prefix) -> tuple[Ban, ...]:
        """Remove all bans of *prefix*, and return them."""
        return self._of.pop(prefix, ())

    def withdraw(self, prefix: Prefix, policy: str, rule: str) -> tuple[Ban, ...]:
        """Remove the bans of *prefix* that *rule* made under *policy* and no others; return them."""
        bans = self._of.get(prefix, ())
        gone = tuple(ban for ban in bans if (ban.policy, ban.rule) == (policy, rule))
        self._keep(prefix, tuple(ban for ban in bans if ban not in gone))
        return gone

    def of(self, prefix: Prefix) -> tuple[Ban, ...]:
        """Return all bans of just *prefix*."""
        return self._of.get(prefix, ())

    def banned_by(self, policy: str, rule: str) -> list[Prefix]:
        """Return whom *rule* banned under *policy*."""
        return [
            prefix for prefix, bans in self._of.items() for ban in bans if ban.policy == policy and ban.rule == rule
        ]

    def in_force(self, now: float) -> tuple[Ban, ...]:
        """Return for each prefix and scope the ban that lasts longest, unless it is over at *now*."""
        found: list[Ban] = []
        for bans in self._of.values():
            lasting = bans if len(bans) == 1 else longest(bans)
            found += [ban for ban in lasting if ban.expires > now]
        return tuple(found)

    def lasting(self, now: float) -> tuple[Ban, ...]:
        """Return all that are not over at *now*."""
        return tuple(ban for bans in self._of.values() for ban in bans if ban.expires > now)

    def is_in_force(self, ban: Ban) -> bool:
        """Tell whether *ban* is the one that keeps its prefix out: not lifted, and none lasts longer."""
        return ban in longest(self._of.get(ban.prefix, ()))

    def forget_ended(self, now: float) -> tuple[Ban, ...]:
        """Remove what is over at *now*; return those bans that no other goes on for."""
        ended = [ban for bans in self._of.values() for ban in bans if ban.expires <= now]
        for prefix in {ban.prefix for ban in ended}:
            self._keep(prefix, tuple(ban for ban in self._of[prefix] if ban.expires > now))
        return tuple(ban for ban in longest(ended) if not self.keeps_out(ban.prefix, ban.scope, now))

    def keeps_out(self, prefix: Prefix, scope: Scope, at: float) -> bool:
        """Tell whether *prefix* is banned on *scope* at *at* or longer."""
        for ban in self._of.get(prefix, ()):  # noqa: SIM110 - `any` takes twice as long; asked about each offence
            if at < ban.expires and ban.scope == scope:
                return True
        return False

    def _keep(self, prefix: Prefix, bans: tuple[Ban, ...]) -> None:
        if bans:
            self._of[prefix] = bans
        else:
            self._of.pop(prefix, None)


def longest(bans: Iterable[Ban]) -> tuple[Ban, ...]:
    """Return for each prefix and scope of *bans* the one that lasts longest, of equals the first."""
    found: dict[tuple[Prefix, Scope], Ban] = {}
    for ban in bans:
        key = ban.prefix, ban.scope
        if key not in found or ban.expires > found[key].expires:
            found[key] = ban
    return tuple(found.values())
