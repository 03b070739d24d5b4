"""osregex - OSSEC's and Wazuh's regular expressions, as far as our decoders use them.

A decoder that cannot be tried here, without theirs, is at least tried with what
their manuals say of their expressions.  A repeated class may take as much as it
can or as little; what we ship must mean the same either way.

Source: https://www.ossec.net/docs/syntax/regex.html
"""

import re

_CLASSES = {
    "w": "[A-Za-z0-9@_-]",
    "d": "[0-9]",
    "s": "[ ]",
    "t": r"\t",
    "p": r"""[()*+,\-.:;<=>?\[\]!"'#%&$|{}]""",
    "W": "[^A-Za-z0-9@_-]",
    "D": "[^0-9]",
    "S": "[^ ]",
    ".": ".",
}
_STEP = re.compile(r"(?P<kind>\\.)(?P<many>[+*]?)|(?P<plain>.)")
_SPECIAL = "^$|()"


def compiled(pattern: str, *, greedy: bool) -> re.Pattern[str]:
    """Return *pattern* as Python has it."""

    def step(found: re.Match[str]) -> str:
        plain = found["plain"]
        if plain:
            return plain if plain in _SPECIAL else re.escape(plain)
        kind, many = found["kind"][1], found["many"]
        lazy = "" if greedy or not many else "?"
        return _CLASSES.get(kind, re.escape(kind)) + many + lazy

    return re.compile(_STEP.sub(step, pattern))
