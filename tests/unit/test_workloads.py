"""The jobs of `workloads/`, executed here: they take what scenarios say and cost what they claim."""

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import dagster as dg
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.workload import BuiltinWorkload
from workloads.cost import PAGE_BYTES, ballast, compute, wait_on_socket, wait_until
from workloads.definitions import defs
from workloads.sensors import TICK_SECONDS, cpu_tick, io_tick

MIB = 2**20


def execute(**parameters: Any) -> dg.ExecuteInProcessResult:
    workload = BuiltinWorkload(**parameters)
    return defs.resolve_job_def(workload.job).execute_in_process(run_config=workload.run_config_for(0.01))


@pytest.mark.parametrize(
    "parameters",
    [
        {"workload": "io_bound"},
        {"workload": "io_bound", "wait": "socket", "ballast": "1MiB"},
        {"workload": "cpu_bound", "cpu_seconds": "10ms", "ballast": "1MiB"},
        {"workload": "mixed", "cpu_seconds": "10ms", "ballast": "1MiB"},
        {"workload": "pandas_bound", "rows": 100, "ballast": "1MiB"},
        {"workload": "pandas_bound", "rows": 1},
        {"workload": "multi_step", "ballast": "1MiB"},
        {"workload": "multi_step", "executor": "in_process"},
        {"workload": "profile_memory", "ballast": "1MiB"},
    ],
)
def test_every_job_takes_what_a_scenario_gives_it(parameters: dict[str, Any]) -> None:
    assert execute(**parameters).success


@pytest.mark.parametrize("steps", [1, 3])
def test_multi_step_has_as_many_parts_as_it_was_told(steps: int) -> None:
    result = execute(workload="multi_step", steps=steps)
    parts = [str(e.step_key) for e in result.get_step_success_events() if e.step_key != "multi_step_op"]
    assert sorted(parts) == [f"part[{number}]" for number in range(steps)]


def test_only_multi_step_can_have_a_process_per_step() -> None:
    executors = {job: defs.resolve_job_def(job).executor_def.name for job in ("io_bound", "cpu_bound")}
    assert set(executors.values()) == {"in_process"}
    assert defs.resolve_job_def("pandas_bound").executor_def.name == "in_process"
    assert defs.resolve_job_def("multi_step").executor_def.name == "multi_or_in_process_executor"


@pytest.mark.parametrize("tick", ["io_tick", "cpu_tick"])
def test_a_sensor_tells_when_and_where_it_was_evaluated(tick: str) -> None:
    with dg.build_sensor_context() as context:
        told = json.loads(defs.resolve_sensor_def(tick).evaluate_tick(context).skip_message or "")
    assert told["ended_epoch_seconds"] - told["began_epoch_seconds"] >= 0.9 * TICK_SECONDS
    assert (told["pid"], told["thread"]) == (os.getpid(), threading.get_native_id())


def test_a_schedule_tells_it_too() -> None:
    with dg.build_schedule_context() as context:
        told = json.loads(defs.resolve_schedule_def("io_schedule").evaluate_tick(context).skip_message or "")
    assert told["pid"] == os.getpid()


def test_a_wait_of_another_kind_is_refused() -> None:
    config = {"ops": {"io_bound_op": {"config": {"wait": "teleport"}}}}
    with pytest.raises(dg.DagsterInvalidConfigError, match="wait"):
        defs.resolve_job_def("io_bound").execute_in_process(run_config=config)


def test_the_guides_own_asset_reports_the_ballast_it_held() -> None:
    config = {"ops": {"profiled": {"config": {"ballast_bytes": 48 * MIB, "duration_seconds": 0.01}}}}
    result = defs.resolve_job_def("profile_memory").execute_in_process(run_config=config)
    (event,) = result.asset_materializations_for_node("profiled")
    assert event.metadata["traced_peak_mib"].value == pytest.approx(48, rel=0.03)
    assert event.metadata["rss_delta_mib"].value == pytest.approx(48, rel=0.1)


def test_sensors_do_not_run_by_themselves_and_ask_for_nothing() -> None:
    for sensor in (io_tick, cpu_tick):
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
        with dg.build_sensor_context() as context:
            assert isinstance(sensor(context), dg.SkipReason)


def test_loading_the_location_does_not_load_pandas() -> None:
    code = "import sys, workloads.definitions; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.integers(0, 5 * PAGE_BYTES))
def test_every_page_of_a_ballast_has_its_own_content(size: int) -> None:
    with ballast(size) as held:
        assert len(held) == size
        for page in range(0, size, PAGE_BYTES):
            expected = page.to_bytes(8, "little")[: size - page]
            assert held[page : page + 8] == expected


def test_a_ballast_is_resident_while_held_and_gone_afterwards() -> None:
    process, size = psutil.Process(), 128 * MIB
    before = process.memory_info().rss
    with ballast(size):
        during = process.memory_info().rss
    after = process.memory_info().rss
    assert during - before == pytest.approx(size, rel=0.03)
    assert during - after == pytest.approx(size, rel=0.03)


def test_compute_uses_the_cpu_time_it_was_told() -> None:
    before = time.process_time()
    compute(0.05)
    assert time.process_time() - before >= 0.05


def test_waits_are_never_cut_short() -> None:
    start = time.monotonic()
    wait_on_socket(0.05)
    assert time.monotonic() >= start + 0.05
    wait_until(start + 0.1)
    assert time.monotonic() >= start + 0.1


def test_no_wait_is_needed_for_an_instant_that_has_passed() -> None:
    wait_until(time.monotonic() - 5)
    wait_on_socket(0)
