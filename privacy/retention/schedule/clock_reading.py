"""Looking at the clock so that a jump shows: the wall clock beside the time since the machine started (FLT-06)."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ClockReading:
    """One look: which start of which machine, its wall clock, and the seconds since it started."""

    host: str
    at: datetime
    uptime: float


def read_clock(at: datetime) -> ClockReading:
    """Return this machine's look at the moment ``at`` of its wall clock."""
    boot = BOOT_ID_FILE.read_text().strip() if BOOT_ID_FILE.exists() else "unknown"
    return ClockReading(host=boot, at=at, uptime=time.clock_gettime(time.CLOCK_BOOTTIME))
