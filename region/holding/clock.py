"""The clock that leases are measured on: CLOCK_BOOTTIME, which goes on in a suspended machine and begins anew in a restarted one."""

import time
from functools import cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")


def boottime() -> int:
    """Return the time since this machine was started, microseconds."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


@cache
def boot() -> int:
    """Return which run of the machine it is, as a number that every JSON reader takes whole."""
    return int(BOOT.read_text().replace("-", "")[:12], 16)
