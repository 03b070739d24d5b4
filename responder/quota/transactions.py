"""transactions - what was counted already of the messages that are being received.

Postfix asks several times about one message (RCPT, DATA, END-OF-MESSAGE, and
in several restriction lists) and gives all these requests one ``instance``.
A Tally says what one quota has counted of one message, so that each stage adds
only what is new: the message once, each recipient once, its size at the end.
When the message is refused in the end, what was counted is taken back.  Pure.

Bounded: the latest MOST messages are known.  One that is not any more, because
so many others began before its next stage, is counted again there.
"""

from collections import OrderedDict

from responder.quota.account import Account, Amounts
from responder.quota.request import Request
from responder.quota.window import Window

MOST = 20_000
_MOST_RECIPIENTS = 2000
_LARGEST = 1 << 53

MAIL, RCPT, DATA, END = 1, 2, 3, 4
STAGES = {b"RCPT": RCPT, b"DATA": DATA, b"END-OF-MESSAGE": END, b"MAIL": MAIL}
"""At which stages something is counted; BDAT is asked about as DATA."""


class Tally:
    """What one quota has counted of one message."""

    __slots__ = ("counted", "recipients", "refused", "taken")

    def __init__(self) -> None:
        self.counted: Amounts = (0, 0, 0)
        self.recipients: set[bytes] | None = None
        self.refused = False
        self.taken: list[tuple[Account, Window, int, int]] = []

    def owed(self, stage: int, request: Request) -> Amounts:
        """Return what *request* adds to what is counted."""
        messages, recipients, octets = self.counted
        if stage == RCPT:
            new = self.recipients is None or request.get(b"recipient", b"") not in self.recipients
            return 1 - messages, int(new), 0
        if stage == MAIL:
            return 1 - messages, 0, 0
        all_recipients = max(recipients, number(request.get(b"recipient_count")))
        all_octets = max(octets, number(request.get(b"size"))) if stage == END else octets
        return 1 - messages, all_recipients - recipients, all_octets - octets

    def count(self, amounts: Amounts, stage: int, request: Request) -> None:
        """Take note that *amounts* were counted."""
        before = self.counted
        self.counted = (before[0] + amounts[0], before[1] + amounts[1], before[2] + amounts[2])
        if stage == RCPT:
            self.recipients = self.recipients or set()
            if len(self.recipients) < _MOST_RECIPIENTS:
                self.recipients.add(request.get(b"recipient", b""))

    def take_back(self) -> list[Account]:
        """Undo all that was counted; return whose it was."""
        for _, window, slot, amount in self.taken:
            window.take_back(slot, amount)
        accounts = [account for account, *_ in self.taken]
        self.counted, self.recipients, self.taken = (0, 0, 0), None, []
        return accounts


class Transactions:
    """The messages of late, by instance: each a Tally by quota."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._messages: OrderedDict[bytes, dict[str, Tally]] = OrderedDict()

    def find(self, instance: bytes | None) -> dict[str, Tally]:
        """Return the tallies of a message; one without an instance is always a new one."""
        if not instance:
            return {}
        tallies = self._messages.get(instance)
        if tallies is None:
            tallies = self._messages[instance] = {}
            if len(self._messages) > self._most:
                self._messages.popitem(last=False)
        return tallies


def number(raw: bytes | None) -> int:
    """Return the number that an attribute is; none, or one that is no number, is 0."""
    try:
        return min(max(0, int(raw or 0)), _LARGEST)
    except ValueError:
        return 0
