"""garbage - when the interpreter looks for garbage that refers to itself: while nobody asks anything.

What is counted is held for hours, hundreds of thousands of objects; to look
through 100,000 of them makes Postfix wait for some 50 ms.  Python would do so
after so many new ones, in the middle of an answer.  What happens again and again
(requests, rounds, failures of a database) leaves next to no such garbage, which a
test sees to, so a look can wait for a second in which nothing was asked.

Falls short: where no second is quiet, it comes after MUCH and lasts half a second.
What is older than one look and only then becomes such garbage stays: the few
connections that were open meanwhile.
"""

import gc

_SOME, _MUCH = 20_000, 1_000_000  # objects more than there were


class Garbage:
    """Takes over from the interpreter, in the whole process."""

    def __init__(self) -> None:
        self.looks = 0
        gc.disable()
        gc.freeze()

    def look(self, *, quiet: bool) -> None:
        """Look, if there is reason to and it is *quiet*."""
        if gc.get_count()[0] > (_SOME if quiet else _MUCH):
            gc.collect(0)
            self.looks += 1
