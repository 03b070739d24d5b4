"""pieces - the named parts that a rule's pattern is built from.

A piece stands in angle brackets, ``<client>``, and is a promise: bounded,
linear, and of a shape that the peer cannot stretch, because the program that
logs it has checked or made it.  Anything the peer may write freely is no piece;
patterns spell it out (``.*``, ``[^>]*``), and proof.py then watches where the
address stands.
"""

import re
from collections.abc import Callable

_ADDRESS = r"[0-9A-Fa-f:.]{2,45}"

PIECES = {
    "address": rf"(?P<address>{_ADDRESS})",
    # Postfix checks the name with valid_hostname() before it believes it: no bracket can be in it.
    "client": rf"[A-Za-z0-9._-]{{1,255}}\[(?P<address>{_ADDRESS})\](?::\d{{1,5}})?",
    "ip": _ADDRESS,
    "port": r"\d{1,5}",
    "number": r"\d{1,10}",
    "seconds": r"\d{1,10}(?:\.\d{1,6})?",
    # Short ids are hexadecimal, long ones of base 52 without vowels (Postfix, mail_queue.h): no word is one.
    "queue-id": r"NOQUEUE|[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}",
    # What an administrator called a thing of his, a virtual host or a rate limit: never a name that a peer gives.
    "label": r"[A-Za-z0-9._-]{1,255}",
    # What a client gave as user of HTTP's basic authentication ends at the first colon (RFC 7617, 2).  So the
    # program's own words after it hold the first colon, and the pattern must spell them out, colon and all.
    "basic-user": r"[^:]{0,255}",
    # Exim's name and HELO of a client: it takes no name from the DNS and no HELO with other characters
    # (dns_check_names_pattern, and check_helo() in smtp_in.c unless helo_accept_junk_hosts lets junk in).
    "exim-host": r"(?:[A-Za-z0-9/._-]{1,255} )?"
    r"(?:\((?:[A-Za-z0-9:._-]{1,255}|\[(?:IPv[46]:)?[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,32})?\])\) )?"
    rf"\[(?P<address>{_ADDRESS})\](?::\d{{1,5}})?",
    # The names in Postfix's smtpd.h.
    "stage": "RCPT|CONNECT|HELO|EHLO|MAIL|VRFY|AUTH|ETRN|STARTTLS|DATA|BDAT|DATA content|BDAT content|END-OF-MESSAGE",
    # What Dovecot says of the connection's security; without < and > it cannot reach out of user=<...>.
    "tls": r"(?:TLS|TSL|secured)(?: handshaking)?(?:: [\w ().,:;/'=-]{0,300})?",
    "session": r"[A-Za-z0-9+/=]{1,64}",
    # OpenSMTPD's ids of sessions and envelopes (%016llx), and others' that are as long.
    "hex-id": r"[0-9a-f]{8,32}",
    "code": r"\d{3} \d\.\d{1,3}\.\d{1,3}",
    # A peer's name as glibc's resolver lets it through (res_hnok), or as the program made it (ProFTPD, netaddr.c,
    # pr_netaddr_validate_dns_str), or its address, where it has none; before it an ident name and @ (sendmail, util.c,
    # cleanstrcpy).  It may be a lie, but no blank, bracket, quote or comma is in it, so it ends where it ends.
    "host": r"[\w.:@!#$%&'*+/^`|~-]{1,320}",
    # The name of an account that exists here, where the program says none other: as useradd makes them.
    "account": r"[\w.@+-]{1,64}\$?",
    # A file of our own.
    "path": r"/[\w/.+-]{1,255}",
}
"""Each piece's regular expression (the syntax that `re` and `regex` share)."""

ADDRESS_PIECES = ("address", "client", "exim-host")
"""The pieces that hold the address to blame."""

_PIECE = re.compile("<(" + "|".join(map(re.escape, PIECES)) + ")>")


def expand(pattern: str, key: str = "") -> str:
    """Return *pattern* with every piece replaced by its regular expression; *key* becomes the group of that name."""

    def regular(name: str) -> str:
        if name == key:
            return f"(?P<key>{PIECES[name]})"
        return PIECES[name] if name == "address" else f"(?:{PIECES[name]})"

    return substitute(pattern, regular)


def pieces(pattern: str) -> list[str]:
    """Return the names of the pieces in *pattern*, in their order."""
    return _PIECE.findall(pattern)


def substitute(pattern: str, replacement: Callable[[str], str]) -> str:
    """Return *pattern* with every piece replaced by what *replacement* says for its name."""
    return _PIECE.sub(lambda found: replacement(found[1]), pattern)
