"""An observed deployment: memory that was read, memory that its live runs predict, what is left. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.results.observed_record import ObservedRecord
from harness.views.thin import thin
from harness.views.units import MIB

SEEN, PREDICTED = "as it was read", "as the live runs predict"


def memory(predicted: pd.DataFrame) -> pd.DataFrame:
    """Columns `at` (UTC), `line`, `instance`, `memory_mib`, `live_runs`; thinned, the peaks kept.

    Args:
        predicted: the table.
    """
    return _thinned(
        predicted, {SEEN: predicted["working_set_bytes"], PREDICTED: predicted["predicted_bytes"]}
    )


def residuals(predicted: pd.DataFrame) -> pd.DataFrame:
    """The same columns: what was read less what was predicted."""
    return _thinned(predicted, {"": predicted["working_set_bytes"] - predicted["predicted_bytes"]})


def by_live_runs(predicted: pd.DataFrame) -> pd.DataFrame:
    """Readings by the number of live runs: `live_runs`, `readings`, and quantiles of memory in MiB.

    `low` and `high` are those of 5 and 95 %, `middle` is the median; `predicted` is the mean of what is
    predicted.
    """
    groups = predicted.groupby(np.round(predicted["live_runs"]).astype(int))
    memory_mib = groups["working_set_bytes"]
    return pd.DataFrame(
        {
            "readings": memory_mib.size(),
            "low": memory_mib.quantile(0.05) / MIB,
            "middle": memory_mib.median() / MIB,
            "high": memory_mib.quantile(0.95) / MIB,
            "highest": memory_mib.max() / MIB,
            "predicted": groups["predicted_bytes"].mean() / MIB,
        }
    ).reset_index()


def limits(observed: ObservedRecord) -> pd.DataFrame:
    """The memory limit of each life that has one: `from_at`, `to_at` (UTC), `memory_mib`."""
    known = [one for one in observed.lives if one.memory_limit_bytes is not None]
    return pd.DataFrame(
        {
            "from_at": _moments([max(o.began_epoch_seconds, observed.since_epoch_seconds) for o in known]),
            "to_at": _moments([o.ended_epoch_seconds or observed.until_epoch_seconds for o in known]),
            "memory_mib": [float(one.memory_limit_bytes or 0) / MIB for one in known],
        }
    )


def _thinned(predicted: pd.DataFrame, lines: dict[str, pd.Series]) -> pd.DataFrame:
    parts = []
    for line, values in lines.items():
        rows = pd.DataFrame(
            {
                "seconds": predicted["at_epoch_seconds"],
                "instance": predicted["instance"],
                "memory_mib": values / MIB,
                "live_runs": predicted["live_runs"],
                "line": line,
            }
        ).sort_values("seconds", ignore_index=True)
        parts.append(thin(rows, "seconds", "memory_mib"))
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(at=_moments(whole["seconds"])).drop(columns="seconds")


def _moments(seconds: list[float] | pd.Series) -> pd.Series:
    """As text that a browser takes for UTC."""
    moments = pd.to_datetime(pd.Series(seconds, dtype=float), unit="s", utc=True)
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def ages(observed: ObservedRecord) -> pd.DataFrame:
    """What runs hold by their age: `job`, `from_seconds`, `to_seconds`, and `low`, `value`, `high` in MiB.

    The last age has no end; it is drawn a third longer than it begins.
    """
    told = () if observed.fitted is None else observed.fitted.ages
    return pd.DataFrame(
        [
            {
                "job": one.job,
                "from_seconds": one.from_seconds,
                "to_seconds": one.to_seconds if one.to_seconds is not None else one.from_seconds * 4 / 3 + 1,
                "low": one.low / MIB,
                "value": one.value / MIB,
                "high": one.high / MIB,
                "dearest": one.dearest,
            }
            for one in told
        ]
    )
