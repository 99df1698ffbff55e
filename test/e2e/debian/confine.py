"""Runs a program in a root as a unit's user, under the unit's seccomp filters, as systemd would set them.

Arguments: a JSON object {root, user, group, groups, syscalls, families}, then the program and its arguments.
"""

import ctypes
import json
import os
import socket
import sys

import seccomp

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
EPERM, EAFNOSUPPORT = 1, 97
prctl = ctypes.CDLL(None, use_errno=True).prctl


def forbid_all_but(names):
    """SystemCallFilter= with SystemCallErrorNumber=EPERM."""
    filter = seccomp.SyscallFilter(seccomp.ERRNO(EPERM))
    for name in names:
        try:
            filter.add_rule(seccomp.ALLOW, name)
        except (RuntimeError, ValueError):
            pass  # of another architecture
    return filter


def forbid_families_but(names):
    """RestrictAddressFamilies=."""
    allowed = {int(getattr(socket, name)) for name in names}
    filter = seccomp.SyscallFilter(seccomp.ALLOW)
    refused = seccomp.ERRNO(EAFNOSUPPORT)
    filter.add_rule(refused, "socket", seccomp.Arg(0, seccomp.GT, max(allowed)))
    for family in range(max(allowed)):
        if family not in allowed:
            filter.add_rule(refused, "socket", seccomp.Arg(0, seccomp.EQ, family))
    return filter


def become(unit):
    os.chroot(unit["root"])
    os.chdir("/")
    for capability in range(64):
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups(unit["groups"])
    os.setresgid(*[unit["group"]] * 3)
    os.setresuid(*[unit["user"]] * 3)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


unit = json.loads(sys.argv[1])
filters = [forbid_families_but(unit["families"]), forbid_all_but(unit["syscalls"])]
become(unit)
for each in filters:
    each.load()
os.execvp(sys.argv[2], sys.argv[2:])
