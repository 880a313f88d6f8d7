"""Runs of one's own code in a scenario: partitions, tags, assets and executors."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.scenario.own_code import OwnAssets, OwnJob, OwnRuns, PartitionRange

HEAD = "name: x\nlocation: {python_file: code.py}\nworkloads:\n"


def workloads(folder: Path, *entries: str) -> tuple[OwnRuns, ...]:
    """The workloads of every cell of a scenario with these entries."""
    (folder / "code.py").write_text("")
    file = folder / "scenario.yaml"
    file.write_text(HEAD + "".join(f"  - {entry}\n" for entry in entries))
    found = [cell.workload for cell in cells_of(load_scenario(file).scenario)]
    assert all(isinstance(one, OwnRuns) for one in found)
    return tuple(found)  # type: ignore[arg-type]


def test_partitions_are_a_key_keys_or_a_range(tmp_path: Path) -> None:
    one, several, span = workloads(
        tmp_path,
        "{job: a, partition: 2026-01-01}",
        "{job: b, partition: [eu, us], tags: {team: data}}",
        "{job: c, partition: {first: 2026-01-01, last: 2026-01-31}}",
    )
    assert (one.partition, several.partition) == (("2026-01-01",), ("eu", "us"))
    assert span.partition == PartitionRange(first="2026-01-01", last="2026-01-31")
    assert several.tags == {"team": "data"}


def test_assets_are_named_by_their_keys(tmp_path: Path) -> None:
    one, two, named = workloads(
        tmp_path,
        "{assets: mart/sales}",
        "{assets: [raw, mart/sales], partition: a}",
        "{assets: [raw], name: rawest}",
    )
    assert isinstance(one, OwnAssets)
    assert one.assets == ("mart/sales",)
    assert [each.label for each in (one, two, named)] == ["mart_sales", "raw-mart_sales", "rawest"]


def test_executors_are_swept_like_other_lists(tmp_path: Path) -> None:
    swept = workloads(
        tmp_path,
        "{job: etl, executor: [in_process, multiprocess, {start_method: spawn}, {start_method: forkserver},"
        " {start_method: forkserver, preload: [pandas]}]}",
    )
    assert [one.label for one in swept] == [
        *("etl-in_process", "etl-multiprocess", "etl-spawn", "etl-forkserver", "etl-forkserver-preload")
    ]
    settings = [one.run_config_for(1.0)["execution"]["config"] for one in swept]
    assert settings[0] == {"in_process": {}}
    assert settings[1] == {"multiprocess": {}}
    assert settings[2] == {"multiprocess": {"start_method": {"spawn": {}}}}
    assert settings[4] == {"multiprocess": {"start_method": {"forkserver": {"preload_modules": ["pandas"]}}}}


def test_one_executor_keeps_the_name_of_the_job(tmp_path: Path) -> None:
    [one] = workloads(tmp_path, "{job: etl, executor: in_process, hold: ops.wait.config.seconds}")
    assert isinstance(one, OwnJob)
    assert one.label == "etl"
    assert one.run_config_for(3.0) == {
        "execution": {"config": {"in_process": {}}},
        "ops": {"wait": {"config": {"seconds": 3.0}}},
    }


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{job: a, partition: 2026}", 'text is expected; write it in quotes: "2026"'),
        ("{job: a, partition: {first: x}}", "workloads.0.partition.last: missing; key of the last"),
        ("{job: a, partition: {from: x, last: y}}", "workloads.0.partition.from: unknown key"),
        ("{job: a, executor: threads}", "'in_process' or 'multiprocess'"),
        ("{job: a, executor: [in_process, in_process]}", "each value once"),
        ("{job: a, executor: {start_method: spawn, preload: [x]}}", "preload belongs to start_method"),
        ("{job: a, executor: in_process, run_config: {execution: {}}}", "leave one of them out"),
        ("{assets: []}", "workloads.0.assets: at least one"),
        ("{assets: a, job: b}", "job"),
        ("{job: a, tags: {x: 1}}", 'write it in quotes: "1"'),
        (
            "{mix: [{share: 1, runs: {job: a, executor: [in_process, multiprocess]}}, "
            "{share: 1, runs: {job: b}}]}",
            "one executor",
        ),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, entry: str, words: str) -> None:
    with pytest.raises(InputError, match=r"workloads\.0") as error:
        workloads(tmp_path, entry)
    assert words in str(error.value), str(error.value)
