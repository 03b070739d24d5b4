"""zone - what the zone files for BIND have in common: the top, and text in quotes.

Names are relative, so that the server says what the zone is called; ``$ORIGIN``
stands where the option names it.
"""

from responder.blacklist.export.head import Head


def top(head: Head) -> str:
    """Return the first lines: stamp, origin, time to live, SOA, nameservers."""
    options = head.options
    servers = options.nameservers or ("localhost",)
    contact = options.contact or f"hostmaster.{options.zone or servers[0]}"
    lines = [f"; {head.stamp}"]
    lines += [f"$ORIGIN {options.zone}."] if options.zone else []
    lines += [
        f"$TTL {options.ttl}",
        f"@ IN SOA {servers[0]}. {contact}. ( {head.serial} 3600 900 604800 {options.ttl} )",
        *(f"@ IN NS {server}." for server in servers),
    ]
    return "\n".join([*lines, ""])


def quoted(text: str) -> str:
    """Return a line of ASCII as the string of a TXT record."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
