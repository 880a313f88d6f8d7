"""Until when a dependency may have been uploaded: an instant, the same in every time zone."""

import datetime
import time
from pathlib import Path
from typing import Any

import pytest

from harness.scenario.model import Scenario
from harness.stack.environment import newest_upload


def scenario(exclude_newer: Any) -> Scenario:
    dagster = {"exclude_newer": exclude_newer}
    return Scenario.model_validate({"name": "x", "dagster": dagster, "workloads": [{"workload": "io_bound"}]})


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_the_cut_off_is_an_instant_whatever_the_time_zone(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    monkeypatch.setenv("DAGSTER_SIZING_CACHE", str(tmp_path))
    time.tzset()
    try:
        (tmp_path / "released-1.13.27").write_text("2026-01-02")
        # the day after the release, to its end
        assert newest_upload(scenario("release"), "1.13.27") == "2026-01-04T00:00:00Z"
        day = datetime.date(2024, 6, 30)
        assert newest_upload(scenario(day), "1.13.27") == "2024-07-01T00:00:00Z"
        assert newest_upload(scenario("never"), "1.13.27") == ""
    finally:
        monkeypatch.undo()
        time.tzset()
