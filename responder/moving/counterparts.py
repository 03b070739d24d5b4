"""counterparts - which of our rule files do what a filter that comes with fail2ban does.

They are proven, and see more of the service than the filter did; so a jail with
a filter that nobody changed becomes a source for them, and its limits those of
their policies.
"""

from typing import NamedTuple


class Counterpart(NamedTuple):
    """Rule *files* (without .toml), and the policies that get the jail's limits.

    *format* and *program* are those of the source.  Where *instead* is given, the first of its texts in the path of the
    log becomes the second: our rules look at another log.
    """

    files: tuple[str, ...]
    policies: tuple[str, ...] = ("login",)
    format: str = "syslog"
    program: str = ""
    instead: tuple[str, str] = ("", "")
    note: str = ""


_POSTFIX = ("postfix", "postfix-session", "postscreen")
_PROBES = ("smtp-probe", "smtp-abuse")
_ACCESS = "our rules see such requests in the access log"
_NGINX = "a client can write lines of his own into nginx's error log; the access log shows each refusal"
_APACHE = Counterpart(("access-log",), ("web-probe",), "access-log", "apache2", ("error", "access"), _ACCESS)
_NGINX_ACCESS = Counterpart(("access-log",), ("web-probe",), "access-log", "nginx", ("error", "access"), _ACCESS)

_FILTERS = {
    "sshd": Counterpart(("sshd",), ("login", "ssh-probe")),
    "dovecot": Counterpart(("dovecot",)),
    "postfix": Counterpart(_POSTFIX, _PROBES),
    "postfix[mode=auth]": Counterpart(("postfix-login",)),
    "postfix[mode=extra]": Counterpart(
        ("postfix", "postfix-session", "postscreen", "postfix-login"), (*_PROBES, "login")
    ),
    "postfix[mode=aggressive]": Counterpart(
        ("postfix", "postfix-session", "postscreen", "postfix-login"), (*_PROBES, "login")
    ),
    "cyrus-imap": Counterpart(("cyrus",)),
    "sieve": Counterpart(("cyrus",)),
    "courier-auth": Counterpart(("courier",)),
    "exim": Counterpart(("exim",), (*_PROBES, "login"), "plain", "exim4"),
    "sendmail-auth": Counterpart(("sendmail",)),
    "sendmail-reject": Counterpart(("sendmail",), _PROBES),
    "proftpd": Counterpart(("proftpd",)),
    "vsftpd": Counterpart(("vsftpd-log",), format="plain", program="vsftpd"),
    "pure-ftpd": Counterpart(("pureftpd",)),
    "webmin-auth": Counterpart(("webmin",)),
    "asterisk": Counterpart(("asterisk-log",), format="plain", program="asterisk"),
    "named-refused": Counterpart(("named-log",), ("dns-noise",), "plain", "named"),
    "haproxy-http-auth": Counterpart(("haproxy",), ("web-probe",)),
    "apache-auth": Counterpart(("apache",), format="plain", program="apache2"),
    "apache-modsecurity": Counterpart(("apache",), ("web-probe",), "plain", "apache2"),
    "apache-botsearch": _APACHE,
    "apache-nohome": _APACHE,
    "apache-noscript": _APACHE,
    "apache-overflows": _APACHE,
    "apache-shellshock": _APACHE,
    "php-url-fopen": Counterpart(("access-log",), ("web-probe",), "access-log", "nginx"),
    "nginx-bad-request": Counterpart(("access-log",), ("web-probe",), "access-log", "nginx"),
    "nginx-botsearch": _NGINX_ACCESS,
    "nginx-http-auth": _NGINX_ACCESS._replace(policies=("login-backend",), note=_NGINX),
    "nginx-limit-req": _NGINX_ACCESS._replace(policies=("web-noise",), note=_NGINX),
}
FILTERS = frozenset(name.partition("[")[0] for name in _FILTERS)


def counterpart(name: str, mode: str) -> Counterpart | None:
    """Return what does the work of fail2ban's own filter *name* in its *mode* here, or None."""
    return _FILTERS.get(f"{name}[mode={mode}]") or _FILTERS.get(name)
