"""space - what is never listed, whoever reports it: addresses that mean another host everywhere, and half the world.

Private, shared, loopback, link-local, multicast and reserved addresses (IANA's
special-purpose registries), IPv6 that is not global unicast, and networks so
wide that a listing would be an accident.  The ranges for documentation and
benchmarks may be listed: nobody is there to be harmed, and examples and labs
need addresses.

Pure.
"""

from responder.values import Prefix

_SPECIAL = tuple(
    (Prefix.parse(network), why)
    for network, why in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared behind a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("2001::/32", "Teredo, which holds others' IPv4 addresses"),
        ("2001:10::/28", "no addresses but keys"),
        ("2001:20::/28", "no addresses but keys"),
        ("2002::/16", "6to4, which holds others' IPv4 addresses"),
    )
)
_GLOBAL_V6 = Prefix.parse("2000::/3")
_LOOPBACK_V6, _LINK_LOCAL_V6, _PRIVATE_V6, _MULTICAST_V6 = map(
    Prefix.parse, ("::1", "fe80::/10", "fc00::/7", "ff00::/8")
)
_NAMED_V6 = (
    (_LOOPBACK_V6, "loopback"),
    (_LINK_LOCAL_V6, "link-local"),
    (_PRIVATE_V6, "private"),
    (_MULTICAST_V6, "multicast"),
)


def special(prefix: Prefix) -> str:
    """Return what is special about all of *prefix*; nothing where it is not."""
    for network, why in (*_SPECIAL, *_NAMED_V6):
        if network.covers(prefix):
            return why
    elsewhere = prefix.family == 6 and not (_GLOBAL_V6.covers(prefix) or prefix.covers(_GLOBAL_V6))
    return "not a global unicast address" if elsewhere else ""


def never(prefix: Prefix, widest_v4: int, widest_v6: int) -> str:
    """Return why *prefix* may not be listed; nothing where it may.

    Networks of fewer than *widest_v4* or *widest_v6* bits may not, nor those that hold something special.
    """
    if why := special(prefix):
        return why
    if prefix.bits < (widest_v4 if prefix.family == 4 else widest_v6):
        return "too wide a network"
    return next((f"holds {network}: {why}" for network, why in _SPECIAL if prefix.covers(network)), "")
