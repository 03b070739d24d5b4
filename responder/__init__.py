"""responder - a log-driven active response engine for mail and hosting servers.

A log line goes in at one end; a firewall change that lasts exactly as long as
it should comes out at the other.  The rooms, in the order data meets them:

    sources -> formats -> detect -> decide -> store -> enforce
"""

__version__ = "0.1.0"
