"""The scenario and the fingerprint of a document: typed where they are read, and whole when written again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.result_document import ConstantRecord
from harness.results.scenario_record import ScenarioRecord
from harness.scenario.load import load_scenario
from harness.scenario.one_kind import TickWorkload

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "workloads" / "scenarios").rglob("*.yaml"))
GIVEN: dict[str, Any] = {
    "name": "x",
    "load": {"shape": "poisson", "window": "30", "later": [1, {"a": None}]},
    "workloads": [
        {"workload": "light", "duration": "auto", "colour": "red"},
        {"mix": [{"share": 0.5, "runs": {"workload": "cpu", "duration": 7, "cpu_seconds": 2}}]},
        {"job": "nightly job", "hold": "ops.wait.config.seconds"},
    ],
    "a section of a later harness": {"b": 1},
}


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "results/*result.json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


def as_before(now: Any, then: Any) -> Any:
    """Without the fields that were added since."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {key: as_before(now[key], value) for key, value in then.items()}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [as_before(*pair) for pair in zip(now, then, strict=True)]
    return now


def test_committed_documents_written_again_keep_scenario_and_fingerprint(tmp_path: Path) -> None:
    files = committed()
    assert files
    again = ResultFolder(tmp_path)
    for file in files:
        before = json.loads(file.read_text("utf-8"))
        again.write_document(ResultFolder(file.parent).read_document())
        after = json.loads((tmp_path / "result.json").read_text("utf-8"))
        for cell in before["cells"]:
            # an interval of before may begin below zero, where no cost is
            for constant in cell["constants"]:
                constant["low"] = None if constant["low"] is None else max(constant["low"], 0.0)
        assert as_before(after, before) == before, file


def test_what_a_record_does_not_know_stays() -> None:
    assert ScenarioRecord.model_validate(GIVEN).model_dump(mode="json") == GIVEN
    machine = {"cpu_count": 2, "tools": {"uv": "1"}, "node": "of a later harness"}
    record = FingerprintRecord.model_validate(machine)
    assert record.model_dump(mode="json") == machine
    assert record.with_engine({"version": "29"}).model_dump() == machine | {"engine": {"version": "29"}}
    assert record.model_dump() == machine


def test_what_is_measured_is_the_machine_of_an_engine_elsewhere() -> None:
    here = FingerprintRecord(
        {"cpu_count": 2, "cpu_model": "small", "kernel": "6.1", "python_version": "3.11.2"}
    )
    engine = {"elsewhere": True, "cpu_count": 64, "memory_total_bytes": 2**38, "kernel": "6.8"}
    there = here.with_engine(engine | {"operating_system": "Debian 13"})
    assert (there.cpu_count, there.memory_total_bytes) == (64, 2**38)
    told = there.model_dump()
    assert (told["kernel"], told["cpu_model"], told["distribution"]) == ("6.8", None, "Debian 13")
    assert told["python_version"] == "3.11.2"
    assert here.with_engine(engine | {"elsewhere": False}).cpu_count == 2


def test_what_an_old_document_lacks_has_the_value_that_it_had_then() -> None:
    scenario = ScenarioRecord({})
    assert (scenario.name, scenario.seed, scenario.shape, scenario.window_seconds) == ("", 1, "burst", 0)
    assert scenario.workloads == ()
    assert scenario.measures() == {"dagster": {}}
    now = ScenarioRecord({"load": {"repeats": 3, "width": None, "design": "balanced"}})
    assert now.measures() == ScenarioRecord({"load": {"repeats": 3}}).measures()
    machine = FingerprintRecord({})
    assert (machine.cpu_count, machine.memory_total_bytes, machine.has_containers) == (None, 0, False)
    assert set(machine.of_machine().values()) == {None}


def test_what_is_given_is_typed() -> None:
    scenario = ScenarioRecord(GIVEN)
    assert (scenario.shape, scenario.window_seconds) == ("poisson", 30.0)
    light, mix, job = scenario.workloads
    assert (light.label, light.duration_is_auto, light.duration_seconds, light.held) == (
        "light",
        True,
        None,
        True,
    )
    [part] = mix.parts
    assert (mix.label, part.label, part.duration_seconds, part.cpu_seconds) == ("mix", "cpu", 7.0, 2.0)
    assert not mix.held  # each part says how long it lasts
    assert (job.label, job.workload, job.held) == ("nightly_job", "", True)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_record_says_of_a_scenario_what_the_scenario_says(file: Path) -> None:
    scenario = load_scenario(file).scenario
    record = ScenarioRecord(scenario.model_dump(mode="json"))
    load = scenario.load
    assert (record.name, record.seed, record.shape) == (scenario.name, scenario.seed, load.shape)
    assert record.window_seconds == load.window
    for told, one in zip(record.workloads, scenario.workloads, strict=True):
        assert told.label == one.label
        kinds = () if isinstance(one, TickWorkload) else one.kinds
        assert told.held is any(kind.holds for kind in kinds)
        assert [part.label for part in told.parts] == [
            kind.label for kind in kinds if "mix" in one.model_dump()
        ]


def test_machines_differ_in_what_is_asked_for_alone() -> None:
    one, two = FingerprintRecord({"cpu_count": 2, "kernel": "6.1"}), FingerprintRecord({"cpu_count": 4})
    assert one.differing(two, ("cpu_count",)) == ["cpu_count: 2 and 4"]
    assert one.differing(two, ("architecture",)) == []
    assert one.differing(two, ("kernel",)) == ["kernel: 6.1 and None"]


def test_no_constant_is_shown_below_zero() -> None:
    fields: dict[str, Any] = {"name": "launch", "unit": "seconds", "meaning": "", "source": "", "bursts": 6}
    noisy = ConstantRecord(**fields, value=0.7, low=-0.41, high=1.84)
    assert (noisy.value, noisy.low, noisy.high) == (0.7, 0.0, 1.84)
    none = ConstantRecord(**fields, value=-0.1, low=-0.3, high=0.1)
    assert (none.value, none.low, none.high) == (0.0, 0.0, 0.1)
    unknown = ConstantRecord(**fields, value=None, low=None, high=None, reason="too few bursts")
    assert unknown.low is None


def test_what_changed_on_a_machine_is_told_thing_by_thing() -> None:
    tools = {"uv": "1", "numpy": "2"}
    before = FingerprintRecord({"kernel": "6.1", "memory_total_bytes": 100_000, "tools": tools, "old": 1})
    assert before.changed_since(before) == []
    now = FingerprintRecord(
        {"kernel": "6.2", "memory_total_bytes": 99_500, "tools": tools | {"numpy": "3"}, "new": 1}
    )
    assert now.changed_since(before) == ["kernel: 6.1 then, 6.2 now", "tools.numpy: 2 then, 3 now"]
    smaller = FingerprintRecord({"memory_total_bytes": 50_000})
    assert smaller.changed_since(before) == ["memory_total_bytes: 100000 then, 50000 now"]
