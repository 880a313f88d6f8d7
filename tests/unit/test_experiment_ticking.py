"""Ticks that the daemon makes by itself: what is measured of them, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harness.errors import ExperimentError
from harness.scenario.model import FREQUENT_TICKS, Scenario
from harness.sizing.apart import apart_of
from tests.unit.scripted_world import TICKING_BYTES, TICKING_CORES, Script, World
from tests.unit.test_experiment_runs import folder_of, measured, scenario
from workloads.definitions import defs

LENGTH = 20.0


def ticking(**changes: Any) -> Scenario:
    sections: dict[str, Any] = {
        "dagster": {"coordinator": "queued"},
        "sampling": {"companions_hz": 10.0},
        "load": {"levels": [1, 3], "repeats": 2, "ticking": {"windows": 3, "length": LENGTH}},
    }
    return scenario(**(sections | changes))


def test_our_location_has_the_sensors_that_are_turned_on() -> None:
    assert set(FREQUENT_TICKS) <= {sensor.name for sensor in defs.sensors or ()}


def test_what_a_tick_costs_the_daemon_is_what_the_script_says(tmp_path: Path) -> None:
    world, wanted = World(), ticking()
    document, bursts = measured(tmp_path, world, wanted)
    assert document.validity.state == "valid"
    assert list(bursts["phase"])[-3:] == ["ticking"] * 3
    times = bursts[bursts["phase"] == "ticking"]
    ticks = len(FREQUENT_TICKS) * 5
    assert set(times["daemon_ticks"]) == {ticks}
    assert set(bursts.loc[bursts["phase"] == "measure", "daemon_ticks"]) == {0}
    assert set(times["launches"]) == {0}
    folder = folder_of(tmp_path, wanted)
    found = apart_of(folder.read_document().cells[0], bursts, folder.table("processes"))
    assert found["daemon_cpu_seconds_per_tick"] == pytest.approx(TICKING_CORES * LENGTH / ticks, rel=0.05)
    assert found["daemon_ticking_memory_bytes"] == pytest.approx([TICKING_BYTES] * 3)


def test_nothing_is_told_of_ticks_where_none_were_asked_for(tmp_path: Path) -> None:
    wanted = ticking(load={"levels": [1, 3], "repeats": 2})
    _, bursts = measured(tmp_path, World(), wanted)
    folder = folder_of(tmp_path, wanted)
    found = apart_of(folder.read_document().cells[0], bursts, folder.table("processes"))
    assert not [name for name in found if "tick" in name]


@pytest.mark.parametrize(
    ("tick", "said"),
    [
        (("FAILURE", "KeyError: 'token'"), r"sensor frequent_tick_1 failed .*KeyError: 'token'"),
        (("", ""), r"evaluated none of frequent_tick_1, .*raise load\.ticking\.length"),
    ],
)
def test_ticks_that_fail_or_do_not_come_end_the_experiment(
    tmp_path: Path, tick: tuple[str, str], said: str
) -> None:
    world = World(Script(tick=tick))
    with pytest.raises(ExperimentError, match=said):
        measured(tmp_path, world, ticking())
    assert world.sensors == ()


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"dagster": {"coordinator": ["default", "queued"]}}, "dagster.coordinator: queued"),
        ({"sampling": {"companions_hz": 0.0}}, "companions_hz above 0"),
        (
            {"location": {"module": "mine"}, "workloads": [{"job": "one"}]},
            "load.ticking.sensors: name some",
        ),
    ],
)
def test_what_cannot_tick_is_refused(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ticking(**sections)
