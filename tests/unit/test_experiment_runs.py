"""What an experiment does, whatever happens to it: on a scripted deployment, in no time."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.errors import ExperimentError, InputError
from harness.experiment.runner import Experiment
from harness.experiment.start import new_document
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.scenario.model import Scenario
from harness.stack.base import ServerEnvironment
from harness.stack.capabilities import PROCESS, Capability
from tests.unit.scripted_deployment import ScriptedDeployment, ScriptedStack, scripted_tools
from tests.unit.scripted_world import BASE_BYTES, RUN_BYTES, Script, World

WARMUP = 2
"""Warm-up bursts that a settled cost takes."""


class Quiet:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.bursts: list[str] = []

    def cell_started(self, number: int, cells: int, label: str) -> None:
        self.said.append(f"cell {number} of {cells}")

    def say(self, what: str) -> None:
        self.said.append(what)

    def planned(self, bursts: int, seconds: float) -> None:
        assert seconds > 0

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        self.bursts.append(text)

    def cell_finished(self, label: str) -> None:
        self.said.append("finished")


def scenario(**sections: Any) -> Scenario:
    base: dict[str, Any] = {
        "name": "scripted",
        "server": {"memory": "1GiB"},
        "workloads": [{"workload": "io_bound"}],
        "load": {"levels": [1, 3], "repeats": 2},
        "timeouts": {"idle": "20s", "drain": "60s"},
    }
    return Scenario.model_validate(base | sections)


def folder_of(path: Path, wanted: Scenario) -> ResultFolder:
    folder = ResultFolder(path / "result")
    if not folder.exists:
        machine = FingerprintRecord({})
        folder.write_document(new_document(wanted, "scripted", "result", "0" * 64, machine, "test"))
    return folder


def measured(path: Path, world: World, wanted: Scenario | None = None) -> tuple[ResultDocument, pd.DataFrame]:
    """The document and the bursts of an experiment, however it ended."""
    wanted = wanted or scenario()
    folder = folder_of(path, wanted)
    Experiment(wanted, ScriptedStack(world), folder, Quiet(), scripted_tools(world)).run()
    return folder.read_document(), folder.table("bursts")


def test_every_level_is_fired_once_a_repeat_after_a_warm_up(tmp_path: Path) -> None:
    world = World()
    document, bursts = measured(tmp_path, world)
    assert document.validity.state == "valid"
    assert list(bursts["phase"]) == ["warmup"] * WARMUP + ["measure"] * 4
    measure = bursts[bursts["phase"] == "measure"]
    assert sorted(measure["level"]) == [1, 1, 3, 3]
    assert list(bursts["burst"]) == list(range(6))
    assert [len(plan.requests) for plan in world.fired] == list(bursts["level"])
    assert world.up_now == 0


def test_what_a_burst_cost_is_what_the_script_says(tmp_path: Path) -> None:
    _, bursts = measured(tmp_path, World())
    for _, row in bursts.iterrows():
        assert row["concurrency_peak"] == row["level"]
        assert row["memory_idle_bytes"] == BASE_BYTES
        assert row["memory_peak_bytes"] == BASE_BYTES + RUN_BYTES * row["level"]
        assert row["processes_peak"] == 1 + row["level"]
        assert row["cpu_seconds"] == pytest.approx(0.1 * 5.0 * row["level"], rel=0.05)
    # what is in progress has ended before the next burst is released
    assert (
        bursts["idle_from_epoch_seconds"].iloc[1:].to_numpy() >= bursts["drained_epoch_seconds"][:-1]
    ).all()


def test_two_cells_are_brought_up_one_after_the_other(tmp_path: Path) -> None:
    world = World()
    wanted = scenario(server={"memory": ["1GiB", "2GiB"]})
    document, bursts = measured(tmp_path, world, wanted)
    assert world.ups == [cell.cell_id for cell in document.cells]
    assert len(set(world.ups)) == 2
    assert all(cell.state == "finished" for cell in document.cells)
    assert (bursts.groupby("cell_id").size() == WARMUP + 4).all()


def test_ctrl_c_keeps_what_was_measured_and_resume_measures_the_cell_anew(tmp_path: Path) -> None:
    wanted = scenario(server={"memory": ["1GiB", "2GiB"]})
    folder = folder_of(tmp_path, wanted)
    first = World(Script(interrupted_burst=8))  # the third burst of the second cell
    with pytest.raises(KeyboardInterrupt):
        Experiment(wanted, ScriptedStack(first), folder, Quiet(), scripted_tools(first)).run()
    assert first.up_now == 0
    document = folder.read_document()
    assert [cell.state for cell in document.cells] == ["finished", "running"]
    assert document.validity.state == "inconclusive"
    assert len(folder.table("bursts")) == 8
    again = World()
    Experiment(wanted, ScriptedStack(again), folder, Quiet(), scripted_tools(again)).run()
    document, bursts = folder.read_document(), folder.table("bursts")
    assert again.ups == [document.cells[1].cell_id]
    assert [cell.attempt for cell in document.cells] == [1, 2]
    assert document.validity.state == "valid"
    assert (bursts.groupby("cell_id").size() == WARMUP + 4).all()


def test_companions_are_read_where_the_scenario_asks_for_it(tmp_path: Path) -> None:
    wanted = scenario(sampling={"companions_hz": 4.0})
    _, bursts = measured(tmp_path / "asked", World(Script()), wanted)
    table = folder_of(tmp_path / "asked", wanted).table("companions")
    assert set(table["companion"]) == {"webserver"}
    assert set(bursts["webserver_memory_peak_bytes"]) == {BASE_BYTES}
    assert bursts["daemon_memory_peak_bytes"].isna().all()
    _, bursts = measured(tmp_path / "plain", World(Script()))
    assert bursts["webserver_memory_peak_bytes"].isna().all()
    assert folder_of(tmp_path / "plain", scenario()).table("companions").empty


def test_reloads_come_last_and_count_for_no_other_constant(tmp_path: Path) -> None:
    world = World(Script())
    load = {"levels": [1, 3], "repeats": 2, "reloads": 3}
    wanted = scenario(server={"memory": "1GiB", "started_as": "code_server"}, load=load)
    document, bursts = measured(tmp_path, world, wanted)
    assert document.validity.state == "valid"
    assert world.reloads == 3
    assert list(bursts["phase"])[-3:] == ["reload"] * 3
    reloads = bursts[bursts["phase"] == "reload"]
    assert set(reloads["level"]) == {1}
    assert reloads["reload_seconds"].tolist() == pytest.approx([3.0] * 3)
    assert bursts.loc[bursts["phase"] == "measure", "reload_seconds"].isna().all()
    assert set(bursts["overlap_seconds"]) == {0.0}


def test_a_cell_with_other_packages_than_those_before_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = scenario(server={"memory": ["1GiB", "2GiB"]})
    with pytest.raises(KeyboardInterrupt):
        measured(tmp_path, World(Script(interrupted_burst=8)), wanted)
    assert folder_of(tmp_path, wanted).read_document().cells[0].state == "finished"
    upgraded = ServerEnvironment("3.11.2", {"dagster": "1.13.27", "grpcio": "2"}, "2026-01-01")
    monkeypatch.setattr(ScriptedDeployment, "environment", upgraded)
    with pytest.raises(ExperimentError, match=r"grpcio none then, 2 now.*another --out"):
        measured(tmp_path, World(), wanted)


def test_a_failed_launch_is_counted_and_the_result_is_not_valid(tmp_path: Path) -> None:
    document, bursts = measured(tmp_path, World(Script(failing_launches=frozenset({2 * WARMUP}))))
    assert document.validity.state == "invalid"
    assert [reason.code for reason in document.validity.reasons] == ["failed-runs"]
    assert bursts["launches"].sum() - bursts["runs_succeeded"].sum() == 1


def test_nothing_that_succeeds_in_warm_up_ends_it_with_the_reason(tmp_path: Path) -> None:
    world = World(Script(failing_launches=frozenset({0, 1})))
    with pytest.raises(ExperimentError, match="nothing of io_bound succeeded in warm-up: error: refused by"):
        measured(tmp_path, world)
    document = folder_of(tmp_path, scenario()).read_document()
    assert document.validity.state == "invalid"
    assert "refused by the script" in document.cells[0].failure
    assert world.up_now == 0


def test_a_lost_server_is_revived_and_its_runs_are_given_up(tmp_path: Path) -> None:
    lost = WARMUP + 1
    world = World(Script(replicas=2, lost_bursts=frozenset({lost})))
    wanted = scenario(
        server={"memory": "1GiB", "replicas": 2, "restart": True}, load={"levels": [4], "repeats": 3}
    )
    document, bursts = measured(tmp_path, world, wanted)
    row = bursts[bursts["burst"] == lost].iloc[0]
    assert (row["lost_replica"], row["lost_cause"], row["runs_stuck"]) == ("server-1", "exit", 2)
    assert row["back_after_seconds"] == pytest.approx(3.0)
    assert world.revived == 1
    assert len(world.canceled) == 2
    after = bursts[bursts["burst"] == lost + 1].iloc[0]
    assert (after["lost_replica"], after["runs_succeeded"], after["drained"]) == ("", 4, True)
    assert [reason.code for reason in document.validity.reasons if reason.severity == "invalid"] == [
        "failed-runs",
        "server-lost",
    ]


def test_a_kill_that_fails_ends_the_experiment_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: World, _replica: str) -> None:
        raise OSError("the engine is gone")

    monkeypatch.setattr(World, "lose", broken)
    wanted = scenario(
        server={"memory": "1GiB", "restart": True},
        load={"levels": [1], "repeats": 1, "lose_server_after": "1s"},
    )
    with pytest.raises(ExperimentError, match=r"could not be killed.*the engine is gone"):
        measured(tmp_path, World(Script(replicas=1)), wanted)


def test_a_server_that_nobody_revives_ends_the_experiment(tmp_path: Path) -> None:
    world = World(Script(revivable=False, lost_bursts=frozenset({WARMUP})))
    with pytest.raises(ExperimentError, match="exit code 137"):
        measured(tmp_path, world)
    # the burst it died in is on disk
    assert len(folder_of(tmp_path, scenario()).table("bursts")) == WARMUP + 1


def test_a_server_is_killed_when_the_scenario_asks_for_it(tmp_path: Path) -> None:
    world = World()
    wanted = scenario(
        server={"memory": "1GiB", "restart": True},
        load={"levels": [2], "repeats": 1, "lose_server_after": "3s"},
        workloads=[{"workload": "io_bound", "duration": "20s"}],
    )
    _, bursts = measured(tmp_path, world, wanted)
    row = bursts[bursts["phase"] == "measure"].iloc[0]
    assert (row["lost_cause"], row["runs_succeeded"]) == ("killed", 0)
    assert row["lost_at_epoch_seconds"] - row["released_epoch_seconds"] == pytest.approx(3.0, abs=0.1)
    assert (bursts.loc[bursts["phase"] == "warmup", "lost_replica"] == "").all()


@pytest.mark.parametrize("companions_hz", [0.0, 4.0])
def test_a_part_that_dies_for_good_leaves_the_burst_and_the_reason(
    tmp_path: Path, companions_hz: float
) -> None:
    world = World(Script(broken_burst=WARMUP))
    wanted = scenario(sampling={"companions_hz": companions_hz})
    with pytest.raises(ExperimentError, match="webserver ended"):
        measured(tmp_path, world, wanted)
    folder = folder_of(tmp_path, wanted)
    assert "webserver ended" in folder.read_document().cells[0].failure
    assert len(folder.table("bursts")) == WARMUP + 1
    assert world.up_now == 0


def test_a_burst_that_the_hypervisor_disturbed_is_measured_again(tmp_path: Path) -> None:
    world = World(Script(stolen_bursts=frozenset({WARMUP + 1})))
    document, bursts = measured(tmp_path, world)
    assert sorted(bursts.loc[bursts["phase"] == "measure", "level"]) == [1, 1, 3, 3]
    disturbed = bursts[bursts["phase"] == "disturbed"]
    assert list(disturbed["burst"]) == [WARMUP + 1]
    again = bursts[bursts["burst"] == bursts["burst"].max()].iloc[0]
    assert (again["level"], again["repeat"]) == (disturbed["level"].iloc[0], disturbed["repeat"].iloc[0])
    assert document.validity.state == "valid"


def test_a_machine_that_disturbs_every_burst_makes_an_end_of_it(tmp_path: Path) -> None:
    world = World(Script(stolen_bursts=frozenset(range(100))))
    document, bursts = measured(
        tmp_path, world, scenario(load={"levels": [1, 3], "repeats": 2, "spare_bursts": 2})
    )
    assert (bursts["phase"] == "disturbed").sum() == 2
    assert (bursts["phase"] == "measure").sum() == 4
    assert document.validity.state == "inconclusive"


def test_an_experiment_beside_another_says_so_and_is_not_valid(tmp_path: Path) -> None:
    document, bursts = measured(tmp_path, World(Script(shared_bursts=frozenset({WARMUP + 1}))))
    # at the end of one it was there still, and so at the begin of the next
    assert list(bursts.loc[bursts["others"] > 0, "burst"]) == [WARMUP + 1, WARMUP + 2]
    assert document.validity.state == "inconclusive"
    [reason] = [reason for reason in document.validity.reasons if reason.code == "not-alone"]
    assert "during 2 bursts" in reason.message


def test_a_late_load_generator_makes_the_result_invalid(tmp_path: Path) -> None:
    document, bursts = measured(tmp_path, World(Script(saturated_bursts=frozenset({WARMUP}))))
    assert list(bursts["generator_saturated"]).count(True) == 1
    assert "generator-saturated" in [reason.code for reason in document.validity.reasons]
    assert document.validity.state == "invalid"


def test_a_burst_whose_cpu_is_all_used_is_called_saturated(tmp_path: Path) -> None:
    # ten runs at a tenth of a core each, on one CPU
    wanted = scenario(server={"memory": "1GiB", "cpus": 1}, load={"levels": [1, 10], "repeats": 1})
    _, bursts = measured(tmp_path, World(Script(launch_seconds=0.01)), wanted)
    measure = bursts[bursts["phase"] == "measure"].set_index("level")
    assert bool(measure.loc[10, "saturated"])
    assert not bool(measure.loc[1, "saturated"])


def test_runs_that_never_end_are_waited_for_no_longer_than_the_time_out(tmp_path: Path) -> None:
    world = World(Script(stuck_bursts=frozenset({WARMUP + 3})))  # the last
    document, bursts = measured(tmp_path, world)
    last = bursts.iloc[-1]
    assert (last["drained"], last["runs_stuck"]) == (False, last["level"])
    assert 60 <= last["window_seconds"] < 70
    assert "not-drained" in [reason.code for reason in document.validity.reasons]


def test_a_server_that_never_rests_ends_the_experiment_before_any_load(tmp_path: Path) -> None:
    world = World(Script(never_idle=True))
    with pytest.raises(ExperimentError, match=r"did not come to rest within 20s.*raise timeouts\.idle"):
        measured(tmp_path, world)
    assert world.fired == []


def test_a_webserver_that_misses_a_poll_ends_nothing(tmp_path: Path) -> None:
    document, _ = measured(tmp_path, World(Script(missed_polls=3)))
    assert document.validity.state == "valid"


@pytest.mark.parametrize("hz", [10.0, 1.0])
def test_a_source_from_outside_that_walks_no_processes_will_do(tmp_path: Path, hz: float) -> None:
    """Where nobody sees processes, Dagster's word for the runs and a settled CPU say when all is over."""
    world = World(Script(processes=False, hz=hz))
    document, bursts = measured(tmp_path, world)
    assert document.validity.state == "valid"
    assert (bursts["concurrency_peak"] == bursts["level"]).all()
    assert (bursts["memory_peak_bytes"] == BASE_BYTES + RUN_BYTES * bursts["level"]).all()
    assert bursts["processes_peak"].isna().all()
    quiet = bursts["released_epoch_seconds"] - bursts["idle_from_epoch_seconds"]
    assert (quiet >= 0.9 * max(1.0, 4 / hz)).all()


def test_a_source_whose_clock_is_ahead_is_read_on_ours(tmp_path: Path) -> None:
    _, straight = measured(tmp_path / "straight", World())
    _, ahead = measured(tmp_path / "ahead", World(Script(clock_offset_seconds=3600.0)))
    for name in ("memory_peak_bytes", "memory_idle_bytes", "concurrency_peak", "cpu_seconds"):
        assert ahead[name].to_numpy() == pytest.approx(straight[name].to_numpy(), rel=1e-3)
    assert set(ahead["clock_offset_seconds"]) == {3600.0}
    assert set(ahead["source"]) == {"script"}
    assert set(ahead["node"]) == {"server-1"}


@pytest.mark.parametrize(
    ("sections", "capability"),
    [
        ({"server": {"memory": "1GiB", "replicas": 2}}, Capability.REPLICAS),
        ({"server": {"memory": "1GiB", "restart": True}}, Capability.RESTART),
        ({"server": {"memory": "1GiB", "tmp": "memory"}}, Capability.TMPFS),
        ({"location": {"image": "mine", "module": "jobs"}, "workloads": [{"job": "one"}]}, Capability.IMAGES),
    ],
)
def test_what_a_stack_cannot_do_is_refused_before_any_load(
    tmp_path: Path, sections: dict[str, Any], capability: Capability
) -> None:
    world, wanted = World(), scenario(**sections)
    stack = ScriptedStack(world, PROCESS)
    with pytest.raises(InputError, match=f"capability '{capability.value}'.*--stack compose"):
        Experiment(wanted, stack, folder_of(tmp_path, wanted), Quiet(), scripted_tools(world)).run()
    assert world.ups == []


def test_several_versions_need_a_stack_that_brings_servers_up(tmp_path: Path) -> None:
    world = World()
    wanted = scenario(dagster={"versions": ["1.12.22", "1.13.27"]})
    stack = ScriptedStack(world, frozenset())
    with pytest.raises(
        InputError, match=r"dagster\.versions: .*'versions'.*--stack process or --stack compose"
    ):
        Experiment(wanted, stack, folder_of(tmp_path, wanted), Quiet(), scripted_tools(world)).run()


def test_statuses_are_not_asked_for_while_no_run_can_have_ended(tmp_path: Path) -> None:
    world = World()
    _, bursts = measured(tmp_path, world, scenario(load={"levels": [1, 3], "repeats": 2, "plateau": "4s"}))
    for _, row in bursts.iterrows():
        during = [
            at for at in world.polled if row["released_epoch_seconds"] <= at <= row["drained_epoch_seconds"]
        ]
        assert during
        assert min(during) >= row["released_epoch_seconds"] + row["hold_seconds"]


def test_statuses_are_asked_for_at_once_where_runs_last_as_long_as_they_like(tmp_path: Path) -> None:
    world = World()
    wanted = scenario(workloads=[{"workload": "io_bound", "duration": "3s"}])
    _, bursts = measured(tmp_path, world, wanted)
    [last] = bursts.index[-1:]
    released = bursts.loc[last, "released_epoch_seconds"]
    assert min(at for at in world.polled if at >= released) < released + 3.0
