"""How busy the machine itself is: what a burst shares its CPU with."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class HostTimes:
    """CPU time of the whole machine so far, in seconds, and its load average."""

    total: float
    idle: float
    steal: float
    load_1min: float


def host_times() -> HostTimes:
    """Of this machine."""
    times = psutil.cpu_times()
    return HostTimes(
        total=sum(times[:8]),  # guest times are already part of user times
        idle=times.idle + getattr(times, "iowait", 0.0),
        steal=getattr(times, "steal", 0.0),
        load_1min=psutil.getloadavg()[0],
    )


def host_row(before: HostTimes, after: HostTimes) -> dict[str, float]:
    """Shares of the machine's CPU time that were stolen and that were busy between two instants."""
    total = after.total - before.total
    return {
        "host_steal_fraction": (after.steal - before.steal) / total if total > 0 else 0.0,
        "host_busy_fraction": 1 - (after.idle - before.idle) / total if total > 0 else 0.0,
        "host_load_1min": after.load_1min,
    }
