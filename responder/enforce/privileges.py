"""privileges - give up everything but the right to change the firewall.

Called once, by the actor, when it has loaded what it needs.  Started by root it
becomes ``nobody`` with CAP_NET_ADMIN alone, for good (legacy iptables is spoken to
over raw sockets and takes CAP_NET_RAW as well); started by systemd as a user it
already has what the unit gave it, and only promises to gain nothing.

Source: capabilities(7), prctl(2), capset(2) of Linux man-pages 6.03; the numbers
are those of linux/capability.h and linux/prctl.h.
"""

import ctypes
import os

CAP_NET_ADMIN, CAP_NET_RAW = 12, 13
_CAP_LAST = 63
_PR_SET_KEEPCAPS, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 8, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_NOBODY = 65534


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep(*capabilities: int) -> None:
    """Keep *capabilities* and nothing else.  Raises OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        _prctl(libc, _PR_SET_KEEPCAPS, 1)
        for capability in range(_CAP_LAST + 1):
            if capability not in capabilities:
                libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the kernel's last capability
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        mask = sum(1 << capability for capability in capabilities)
        data = (_Data * 2)(_Data(mask, mask, 0), _Data(0, 0, 0))
        if libc.capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), data):
            raise OSError(ctypes.get_errno(), "capset refused")
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} refused")
