"""Made-up bursts in which a code server dies."""

from __future__ import annotations

from typing import Any

from tests.unit.claims.made import Rows

LOST_AT = 1000.0


def loss_burst(number: int, **more: Any) -> Rows:
    """One burst whose code server the kernel killed at LOST_AT; `more` overrides fields."""
    row = {
        "burst": number,
        "level": 4,
        "launches": 4,
        "runs_succeeded": 0,
        "runs_stuck": 4,
        "oom_kills": 1,
        "drained": False,
        "lost_at_epoch_seconds": LOST_AT,
        "lost_cause": "oom",
        "back_after_seconds": 2.0,
    }
    return [row | more]


def runs_at_loss(number: int, lost: int, kept: int = 0, age: float = 5.0, over: int = 1) -> Rows:
    """Runs of a burst: `lost` and `kept` of them in flight at LOST_AT, `over` had ended before it."""
    begun = {
        "burst": number,
        "process_started_epoch_seconds": LOST_AT - age - 1,
        "run_start_epoch_seconds": LOST_AT - age,
        "process_exited_epoch_seconds": float("nan"),
        "run_end_epoch_seconds": float("nan"),
        "status": "STARTED",
    }
    ended = {
        "status": "SUCCESS",
        "run_end_epoch_seconds": LOST_AT + 5,
        "process_exited_epoch_seconds": LOST_AT + 6,
    }
    before = {"status": "SUCCESS", "run_end_epoch_seconds": LOST_AT - 1}
    return [begun] * lost + [begun | ended] * kept + [begun | before] * over
