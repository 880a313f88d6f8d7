"""A burst without the health checks beside it: their memory, CPU time and processes are taken out."""

import numpy as np
import pandas as pd
import pytest

from harness.experiment.health_checks import without_checks

AT = np.arange(0.0, 20.0, 0.5)


def samples() -> pd.DataFrame:
    checking = (AT >= 9.5) & (AT <= 11.5)
    return pd.DataFrame(
        {
            "at_epoch_seconds": AT,
            "memory_bytes": 300e6 + 60e6 * checking,
            "usage_bytes": 310e6 + 60e6 * checking,
            "cpu_seconds": 0.1 * AT + np.clip(AT - 9.5, 0, 1.2),
        }
    )


def processes() -> pd.DataFrame:
    rows = [
        {
            "at_epoch_seconds": at,
            "role": "server",
            "pid": 1,
            "created_epoch_seconds": 0.0,
            "cpu_seconds": 0.1 * at,
        }
        for at in AT
    ]
    rows += [
        {"at_epoch_seconds": at, "role": "check", "pid": 7, "created_epoch_seconds": 9.5, "cpu_seconds": used}
        for at, used in ((10.0, 0.5), (10.5, 1.0), (11.0, 1.2), (11.5, np.nan))
    ]
    return pd.DataFrame(rows).assign(children_cpu_seconds=0.0)


def test_what_a_check_held_and_used_is_taken_out() -> None:
    cleared, left = without_checks(samples(), processes())
    assert set(left["role"]) == {"server"}
    assert cleared["memory_bytes"].max() == 300e6
    assert cleared["usage_bytes"].max() == 310e6
    assert cleared["memory_bytes"].isna().sum() == 6  # from 9.5 to 12
    assert cleared["cpu_seconds"].iloc[-1] == pytest.approx(0.1 * AT[-1])
    assert cleared["cpu_seconds"].iloc[4] == samples()["cpu_seconds"].iloc[4]


def test_without_checks_everything_stays() -> None:
    walks = processes()
    plain = walks[walks["role"] == "server"]
    for walked in (plain, plain.head(0)):
        cleared, left = without_checks(samples(), walked)
        pd.testing.assert_frame_equal(cleared, samples())
        assert left is walked
