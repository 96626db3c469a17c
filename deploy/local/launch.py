"""Becomes another program that dies with its parent; refuses to start when the parent is already gone.

Runs as a script, without the packages of the environment:
`python -I -S launch.py PARENT_PID DEATH_SIGNAL UID GID PASS NICENESS PROGRAM [ARGUMENT ...]`. It sets what must be set
between fork and exec, where a thread of the parent could hold a lock for ever; the program keeps its pid. UID -1 keeps
the user. PASS 1 lets another user pass folders that are closed to it.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def main(options: list[int], command: list[str]) -> None:
    """Take the new user, ask for the death signal, and become the program."""
    parent, death_signal, uid, gid, may_pass, niceness = options
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(0o077)
    os.nice(niceness)
    if uid >= 0:
        _become(libc, uid, gid, may_pass=may_pass == 1)
    # After the change of user, which clears it. A parent that died before this line is seen by the next one.
    _check(libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0))
    if os.getppid() != parent:
        sys.exit("The process that wanted this program has ended: not started.")
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted; the arguments are our own


def _become(libc: ctypes.CDLL, uid: int, gid: int, *, may_pass: bool) -> None:
    """Drop to another user for good, keeping at most the right to pass closed folders."""
    if may_pass:
        _check(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if may_pass:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        mask = 1 << _CAP_DAC_OVERRIDE
        sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable; upper halves
        _check(libc.capset(header, sets))
        _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:7]], sys.argv[7:])
