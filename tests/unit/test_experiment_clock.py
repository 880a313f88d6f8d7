"""What an experiment makes of a machine whose clock is set while it measures."""

from pathlib import Path

import pytest

from harness.errors import ExperimentError
from tests.unit.scripted_world import Script, World
from tests.unit.test_experiment_runs import WARMUP, measured


@pytest.mark.parametrize("seconds", [100.0, -100.0, 0.5])
def test_a_burst_during_which_the_clock_was_set_is_measured_again(tmp_path: Path, seconds: float) -> None:
    world = World(Script(clock_set={WARMUP + 1: seconds}))
    document, bursts = measured(tmp_path, world)
    disturbed = bursts[bursts["phase"] == "disturbed"]
    assert list(disturbed["burst"]) == [WARMUP + 1]
    assert disturbed["clock_step_seconds"].iloc[0] == pytest.approx(seconds, abs=1e-3)
    assert document.validity.state == "valid"
    assert bursts["hold_seconds"].max() < 20  # a run does not last for as long as the clock was set by


@pytest.mark.parametrize(("seconds", "state"), [(-0.02, "valid"), (0.3, "inconclusive")])
def test_servers_on_a_machine_whose_clock_differs_are_not_measured(
    tmp_path: Path, seconds: float, state: str
) -> None:
    document, bursts = measured(tmp_path, World(Script(clock_offset=seconds)))
    assert set(bursts["server_clock_offset_seconds"]) == {seconds}
    assert document.validity.state == state
    codes = {reason.code for reason in document.validity.reasons}
    assert codes == (set() if state == "valid" else {"clocks-apart"})


def test_a_warm_up_burst_during_which_the_clock_was_set_tells_no_cost(tmp_path: Path) -> None:
    world = World(Script(clock_set={0: 100.0}))
    document, bursts = measured(tmp_path, world)
    assert (bursts["phase"] == "warmup").sum() == WARMUP + 1
    assert document.cells[0].warmup_bursts == WARMUP + 1
    assert document.validity.state == "valid"
    assert bursts["hold_seconds"].max() < 20


def test_a_clock_that_is_set_again_and_again_makes_an_end_of_it(tmp_path: Path) -> None:
    always = dict.fromkeys(range(100), 1.0)
    with pytest.raises(ExperimentError, match="clock was set during"):
        measured(tmp_path / "warm-up", World(Script(clock_set=always)))
    later = dict.fromkeys(range(WARMUP, 100), 1.0)
    document, _ = measured(tmp_path / "later", World(Script(clock_set=later)))
    assert document.validity.state == "inconclusive"
    assert {reason.code for reason in document.validity.reasons} == {"clock-set", "measured-again"}


@pytest.mark.parametrize(("seconds", "state"), [(0.02, "valid"), (-0.3, "inconclusive")])
def test_a_load_from_a_machine_whose_clock_differs_does_not_count(
    tmp_path: Path, seconds: float, state: str
) -> None:
    document, bursts = measured(tmp_path, World(Script(generator_clock_offset=seconds)))
    assert set(bursts["generator_clock_offset_seconds"]) == {seconds}
    assert document.validity.state == state
    messages = [reason.message for reason in document.validity.reasons]
    assert [("load generator" in one, "-0.30s" in one) for one in messages] == (
        [] if state == "valid" else [(True, True)]
    )


def test_what_the_node_is_short_of_is_kept_with_the_burst(tmp_path: Path) -> None:
    document, bursts = measured(tmp_path, World(Script(node_pressure="MemoryPressure")))
    assert set(bursts["node_pressure"]) == {"MemoryPressure"}
    assert document.validity.state == "inconclusive"
    assert {reason.code for reason in document.validity.reasons} == {"node-pressure"}
    assert bursts["foreign_cpu_cores"].min() > 0
