"""openfiles - how many files this process may have open: each log and each connection is one."""

import resource


def allow(wanted: int) -> int:
    """Let this process have *wanted* files open, as far as the hard limit lets it; return how many it may have then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
