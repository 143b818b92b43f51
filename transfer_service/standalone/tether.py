"""Ties a process to its parent and keeps its memory to itself.

Run as a script, in front of a command: ``python -I -S tether.py PARENT_PID COMMAND …`` does so and becomes the
command. That needs neither a fork hook nor anything beyond the standard library. Source: prctl(2).
"""

import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE_BYTES = 4 * 1024 * 1024
_HEAPS = 2
_EXIT_ORPHANED = 3


def tethered(command: Sequence[str]) -> list[str]:
    """The command line that runs ``command`` as a child of this process for as long as this process lives.

    Start it from the main thread: to the kernel the parent is the thread that started it.
    """
    return [sys.executable, "-I", "-S", str(Path(__file__).absolute()), str(os.getpid()), *command]


def die_with(parent: int) -> None:
    """Be killed when ``parent`` ends, whatever ends it; exit at once where it has ended already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(_EXIT_ORPHANED)


def keep_private() -> None:
    """Nothing this process makes is for others; it dumps no core, and no other process reads its memory."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def give_memory_back() -> None:
    """Let large blocks go back to the system when they are freed, instead of staying in a heap for each thread.

    glibc otherwise learns from the first freed part (16 MiB) to keep such blocks. Source: mallopt(3).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_M_ARENA_MAX, _HEAPS)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def main() -> None:
    """Tie, then become the command."""
    parent, *command = sys.argv[1:]
    keep_private()
    die_with(int(parent))
    os.execv(command[0], command)  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main()
