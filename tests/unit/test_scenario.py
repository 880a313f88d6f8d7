import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness.errors import InputError
from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.scenario.own_code import OwnJob
from harness.scenario.schema import json_schema
from harness.scenario.workload import BuiltinWorkload, MixWorkload, RunWorkload, Workload

FIXTURES = Path(__file__).parents[1] / "fixtures"
SCENARIOS = Path(__file__).parents[2] / "workloads" / "scenarios"
MINIMAL = """\
name: small
workloads:
  - workload: io_bound
"""
OWN = """\
name: own
location: {module: mine}
workloads:
"""

MIX = "name: x\nworkloads:\n  - mix:\n      - {share: 3, runs: {workload: io_bound}}\n"


def runs(workload: Workload) -> RunWorkload:
    """A workload that is one kind of run."""
    assert isinstance(workload, BuiltinWorkload | OwnJob)
    return workload


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)
    return file


def problem(tmp_path: Path, text: str, *overrides: str) -> str:
    file = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_scenario(file, overrides)
    return str(caught.value).replace(str(file), "FILE")


def test_a_minimal_scenario_gets_every_default(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, MINIMAL)).scenario
    assert scenario.dagster.coordinator == ("default",)
    assert scenario.server.grpc_max_workers == (8,)
    assert scenario.load.levels == (1, 2, 4, 6)


def test_lists_make_cells_with_versions_outermost(tmp_path: Path) -> None:
    text = MINIMAL + 'dagster: {versions: ["1.8.13", "1.13.27"]}\nserver: {memory: [1GiB, 2GiB]}\n'
    cells = cells_of(load_scenario(write(tmp_path, text)).scenario)
    assert [(c.dagster_version, c.memory_bytes // 2**30) for c in cells] == [
        ("1.8.13", 1),
        ("1.8.13", 2),
        ("1.13.27", 1),
        ("1.13.27", 2),
    ]
    assert len({c.cell_id for c in cells}) == 4


def test_a_cap_multiplies_queued_cells_only_and_unset_workers_are_none(tmp_path: Path) -> None:
    text = MINIMAL + (
        "dagster: {coordinator: [default, queued], max_concurrent_runs: [3, 5]}\n"
        "server: {grpc_max_workers: [unset, 2]}\n"
    )
    cells = cells_of(load_scenario(write(tmp_path, text)).scenario)
    assert [(c.grpc_max_workers, c.coordinator, c.max_concurrent_runs) for c in cells] == [
        (workers, *queue)
        for workers in (None, 2)
        for queue in (("default", None), ("queued", 3), ("queued", 5))
    ]
    assert len({c.cell_id for c in cells}) == 6


def test_ticks_are_a_workload_or_come_beside_runs(tmp_path: Path) -> None:
    text = (
        "name: x\nworkloads:\n  - {tick: cpu_tick}\n  - {tick: nightly, kind: schedule, name: night}\n"
        "  - {workload: io_bound, ticks: {tick: io_tick, count: 4}}\n"
    )
    cells = cells_of(load_scenario(write(tmp_path, text)).scenario)
    assert [cell.workload.label for cell in cells] == ["cpu_tick", "night", "io_bound"]


def test_a_mix_has_runs_of_each_kind_by_its_share(tmp_path: Path) -> None:
    text = MIX + "      - {share: 1, runs: {workload: cpu_bound, cpu_seconds: 2s}}\n"
    [cell] = cells_of(load_scenario(write(tmp_path, text)).scenario)
    mix = cell.workload
    assert isinstance(mix, MixWorkload)
    assert cell.cell_id.startswith("mix-")

    def counts(level: int) -> tuple[int, int]:
        runs = [one.label for one in mix.runs_of(level)]
        return runs.count("io_bound"), runs.count("cpu_bound")

    assert [counts(level) for level in (1, 2, 3, 4, 8)] == [(1, 0), (2, 0), (2, 1), (3, 1), (6, 2)]


def test_steps_of_multi_step_run_in_processes_or_in_the_runs_own(tmp_path: Path) -> None:
    text = "name: x\nworkloads:\n  - {workload: multi_step, steps: 3}\n"
    [cell] = cells_of(load_scenario(write(tmp_path, text)).scenario)
    assert runs(cell.workload).run_config_for(1.0)["execution"] == {
        "config": {"multiprocess": {"max_concurrent": 3}}
    }
    text = "name: x\nworkloads:\n  - {workload: multi_step, executor: in_process}\n"
    [cell] = cells_of(load_scenario(write(tmp_path, text)).scenario)
    assert runs(cell.workload).run_config_for(1.0)["execution"] == {"config": {"in_process": {}}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            MINIMAL + "dagster: {max_concurrent_runs: 3}\n",
            ["FILE:4: dagster: max_concurrent_runs caps the queue"],
        ),
        (MINIMAL + "load: {lose_server_after: 5s}\n", ["load.lose_server_after needs server.restart"]),
        (MINIMAL + "server: {grpc_max_workers: many}\n", ["server.grpc_max_workers", "'unset'"]),
        (
            "name: x\nworkloads:\n  - {tick: t, kind: cron}\n",
            ["FILE:3: workloads.0.kind", "'sensor' or 'schedule' is expected"],
        ),
        (
            "name: x\nworkloads:\n  - {workload: io_bound, ticks: {tik: t}}\n",
            ["workloads.0.ticks.tick: missing", "workloads.0.ticks.tik: unknown key; did you mean tick?"],
        ),
        (
            MIX + "      - {share: 1, runs: {workload: cpu_bound, cpu_second: 1}}\n",
            ["FILE:5: workloads.0.mix.1.runs.cpu_second: unknown key; did you mean cpu_seconds?"],
        ),
        (
            MIX + "      - {share: 1, runs: {tick: io_tick}}\n",
            ["FILE:5: workloads.0.mix.1.runs: `workload:` (ours), `job:` or `assets:`"],
        ),
        (
            MIX + "      - {shares: 1, runs: {workload: cpu_bound}}\n",
            ["mix.1.shares: unknown key", "share: missing"],
        ),
        (MIX + "      - {share: 1, runs: {job: mine}}\n", ["mine needs a location section"]),
        (
            MIX + "      - {share: 1, runs: {workload: cpu_bound, ticks: {tick: io_tick}}}\n",
            ["write them beside mix"],
        ),
        (MINIMAL + "lod: {}\n", ["FILE:4: lod: unknown key", "did you mean load?", "allowed:"]),
        (MINIMAL + "load:\n  repeat: 3\n", ["FILE:5: load.repeat: unknown key", "did you mean repeats?"]),
        (MINIMAL + "    balast: 3\n", ["FILE:4: workloads.0.balast", "did you mean ballast?"]),
        (MINIMAL + "server:\n  memory: lots\n", ["FILE:5: server.memory", "512MiB", "got 'lots'"]),
        (MINIMAL + "server:\n  memory: 64MiB\n", ["FILE:5: server.memory", "256MiB"]),
        (MINIMAL + "load:\n  plateau: 5x\n", ["FILE:5: load.plateau", "45s, 250ms", "got '5x'"]),
        (MINIMAL + "load:\n  levels: [1, 1]\n", ["FILE:5: load.levels", "each level once"]),
        (MINIMAL + "load:\n  shape: poisson\n", ["FILE:4: load", "needs a window"]),
        (MINIMAL + "dagster:\n  versions: [1.10]\n", ["FILE:5: dagster.versions.0", 'in quotes: "1.10"']),
        (MINIMAL + "dagster:\n  python: 3.10\n", ["FILE:5: dagster.python", 'in quotes: "3.10"']),
        (MINIMAL.replace("small", "no"), ["FILE:1: name", 'in quotes: "no"']),
        (MINIMAL + "on: 1\n", ["FILE:4: on: a key is text"]),
        (MINIMAL + "dagster:\n  versions: 1.13.27\n", ["FILE:5: dagster.versions: a list is expected"]),
        (MINIMAL + "load:\n", ["FILE:4: load: a mapping", "got nothing"]),
        (MINIMAL + "timeouts:\n  drain: .inf\n", ["FILE:5: timeouts.drain: a finite number", "got inf"]),
        (MINIMAL + "load:\n  repeats: yes\n", ["FILE:5: load.repeats: a whole number", "got True"]),
        (MINIMAL + "server:\n  cpus: [2, 2]\n", ["FILE:5: server.cpus: each value once"]),
        (MINIMAL + "dagster: {exclude_newer: soon}\n", ["'release' or 'never' or a date", "got 'soon'"]),
        (MINIMAL + "    duration: soon\n", ["FILE:4: workloads.0.duration: 'auto' or a time", "got 'soon'"]),
        (MINIMAL + "    rows: 4\n", ["FILE:3: workloads.0: rows belongs to pandas_bound"]),
        ("name: x\nworkloads: &all [*all]\n", ["FILE:2: workloads.0: refers to itself"]),
        (
            "name: x\nworkloads: [io_bound]\n",
            ["FILE:2: workloads.0: `workload:` (ours), `job:`", "got 'io_bound'"],
        ),
        ("name: x\nworkloads: []\n", ["FILE:2: workloads: at least one is expected"]),
        (OWN + "  - job: 3\n", ["FILE:4: workloads.0.job: text", 'in quotes: "3"']),
        (OWN + "  - job: a\n    jib: 3\n", ["FILE:5: workloads.0.jib", "did you mean job?"]),
        (OWN + "  - job: a\n    hold: ' '\n", ["FILE:5: workloads.0.hold: a dotted path"]),
        (
            OWN + "  - job: a\n    hold: ops.w.config.s\n    run_config: {ops: {w: }}\n",
            ["FILE:4: workloads.0: hold ops.w.config.s: ops.w of run_config is not a mapping"],
        ),
        (MINIMAL + "dagster:\n  versions: ['latest']\n", ["FILE:5: dagster.versions.0", "1.13.27"]),
        ("name: x\nworkloads:\n  - workload: gpu_bound\n", ["FILE:3: workloads.0.workload", "io_bound"]),
        ("name: x\nworkloads:\n  - {}\n", ["FILE:3: workloads.0", "`workload:`", "`job:`"]),
        ("name: x\nworkloads:\n  - job: mine\n", ["needs a location section"]),
        ("name: x\n", ["workloads: missing"]),
        ("name: x\nname: y\n", ["FILE:2: name: given twice (first in line 1)"]),
        ("- 1\n", ["a mapping", "workloads"]),
        ("name: [\n", ["not YAML"]),
        ("", ["a mapping"]),
        (
            "name: x\nlocation:\n  python_file: nowhere.py\nworkloads:\n  - job: a\n",
            ["FILE:3: location.python_file: does not exist", "nowhere.py"],
        ),
        (
            "name: x\nlocation:\n  module: a\n  command: [run]\nworkloads:\n  - job: a\n",
            ["FILE:2: location", "exactly one of"],
        ),
        (
            "name: x\nlocation:\n  command: [run]\nworkloads:\n  - job: a\n",
            ["FILE:2: location", "name the image too"],
        ),
        (
            "name: x\nlocation:\n  image: i\n  module: a\n  requirements: [b]\nworkloads:\n  - job: a\n",
            ["FILE:2: location", "requirements cannot be used with image"],
        ),
        (
            "name: x\nserver:\n  replicas: 0\nworkloads:\n  - workload: io_bound\n",
            ["FILE:3: server.replicas"],
        ),
        (
            "name: x\nlocation:\n  module: a\n  package: b\nworkloads:\n  - job: a\n",
            ["FILE:2: location", "exactly one of"],
        ),
    ],
)
def test_errors_name_file_line_field_what_was_given_and_what_is_allowed(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    message = problem(tmp_path, text)
    for part in said:
        assert part in message


def test_every_problem_gets_its_own_line(tmp_path: Path) -> None:
    message = problem(tmp_path, MINIMAL + "load:\n  repeats: 0\n  levels: [0]\n")
    assert len(message.splitlines()) == 2


def test_two_messages_about_one_field_make_one_line(tmp_path: Path) -> None:
    assert len(problem(tmp_path, MINIMAL + "    duration: soon\n").splitlines()) == 1


def test_dates_of_a_run_config_stay_text(tmp_path: Path) -> None:
    text = OWN + "  - job: a\n    run_config: {ops: {a: {config: {day: 2024-06-30, counts: {1: 2}}}}}\n"
    (workload,) = load_scenario(write(tmp_path, text)).scenario.workloads
    assert runs(workload).run_config_for(1.0)["ops"]["a"]["config"] == {"day": "2024-06-30", "counts": {1: 2}}


def test_a_date_holds_the_dependencies_back(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, MINIMAL + "dagster: {exclude_newer: 2024-06-30}\n")).scenario
    assert scenario.dagster.exclude_newer == datetime.date(2024, 6, 30)


def test_overrides_change_fields_of_any_depth(tmp_path: Path) -> None:
    file = write(tmp_path, MINIMAL)
    options = ["load.repeats=2", "workloads.0.ballast=64MiB", "server.cpus=[1, 2]", "load.warmup.launches=3"]
    scenario = load_scenario(file, options).scenario
    assert scenario.load.repeats == 2
    config = runs(scenario.workloads[0]).run_config_for(1.0)["ops"]["io_bound_op"]["config"]
    assert config["ballast_bytes"] == 2**26
    assert scenario.server.cpus == (1.0, 2.0)
    assert scenario.load.warmup.launches == 3


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("load.repeats", "key=value is expected"),
        ("load.repeats=many", "--set load.repeats=many: load.repeats"),
        ("load.repeets=3", "did you mean repeats?"),
        ("dagster.versions=[1.10]", 'in quotes: "1.10"'),
        ("seed=[", "the value is not YAML"),
        ("load={repeats: 1, repeats: 2}", "given twice"),
        ("load=", "a mapping of keys to values is expected; got nothing"),
        ("workloads.7.ballast=1MiB", "there is no workloads.7"),
        ("name.first=x", "there is no name.first"),
    ],
)
def test_wrong_overrides_are_named_as_options(tmp_path: Path, option: str, said: str) -> None:
    message = problem(tmp_path, MINIMAL, option)
    assert said in message
    assert "--set" in message


def test_paths_count_from_the_scenario_file() -> None:
    scenario = load_scenario(FIXTURES / "own_code" / "shop.yaml").scenario
    assert scenario.location is not None
    assert scenario.location.python_file == FIXTURES / "own_code" / "shop.py"


def test_the_hold_is_set_where_the_job_wants_it() -> None:
    nightly, weekly = map(runs, load_scenario(FIXTURES / "own_code" / "shop.yaml").scenario.workloads)
    assert nightly.run_config_for(4.0) == {"ops": {"extract": {"config": {"days": 3, "pause_seconds": 4.0}}}}
    assert nightly.run_config_for(1.0) != nightly.run_config_for(4.0)
    assert weekly.run_config_for(4.0) == {}


def test_runs_of_a_warm_up_need_not_last() -> None:
    fixed = BuiltinWorkload(workload="io_bound", duration=301.0, ballast=4096 * 2**20)
    config = fixed.for_warmup().run_config_for(0.5)["ops"]["io_bound_op"]["config"]
    assert config == fixed.run_config_for(0.5)["ops"]["io_bound_op"]["config"] | {"duration_seconds": 0.5}


ALL_FILES = [*FIXTURES.glob("*.yaml"), *(FIXTURES / "own_code").glob("*.yaml"), *SCENARIOS.glob("*.yaml")]


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.stem)
def test_the_scenario_files_of_this_repository_are_valid(file: Path) -> None:
    scenario = load_scenario(file).scenario
    assert len({cell.cell_id for cell in cells_of(scenario)}) == len(cells_of(scenario))
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(file.read_text("utf-8")))


def test_quick_and_standard_measure_every_workload() -> None:
    quick, standard = (load_scenario(SCENARIOS / f"{name}.yaml").scenario for name in ("quick", "standard"))
    assert [w.label for w in quick.workloads] == ["io_bound", "cpu_bound"]
    measured = {w.label for w in standard.workloads}
    assert measured == {
        "io_bound",
        "cpu_bound",
        "pandas_bound",
        "multi_step",
    }
    assert max(standard.load.levels) == 12
    assert standard.load.repeats == 5


def test_a_scenario_comes_back_from_a_result_as_it_was() -> None:
    for file in ALL_FILES:
        scenario = load_scenario(file).scenario
        assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"server": {"cpus": 2, "memory": "2GiB"}}, True),
        ({"server": {"cpus": [1, 2], "memory": ["2GiB", 3221225472]}}, True),
        ({"load": {"plateau": "2s"}}, True),
        ({"load": {"plateau": "2 parsecs"}}, False),
        ({"nonsense": 1}, False),
        ({"server": {"cpus": "many"}}, False),
        ({"server": {"cpus": "2"}}, True),
        ({"load": {"repeats": True}}, False),
        ({"dagster": {"versions": "1.13.27"}}, False),
        ({"dagster": {"exclude_newer": "2024-06-30"}}, True),
        ({"workloads": [{"workload": "io_bound", "duration": "5s", "ballast": "1GiB"}]}, True),
        ({"workloads": [{"workload": "io_bound", "duration": "long"}]}, False),
        ({"workloads": [{"workload": "gpu_bound"}]}, False),
        ({"workloads": [{}]}, False),
        ({"workloads": []}, False),
    ],
)
def test_the_published_schema_agrees_with_the_loader(
    changes: dict[str, Any], valid: bool, tmp_path: Path
) -> None:
    document = yaml.safe_load(MINIMAL) | changes
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(document) is valid
    file = write(tmp_path, yaml.safe_dump(document))
    if valid:
        load_scenario(file)
    else:
        with pytest.raises(InputError):
            load_scenario(file)


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_paths_inside_an_image_are_not_looked_for_here(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text(
        "name: x\nlocation: {image: mine:1, python_file: /opt/code/jobs.py}\nworkloads: [{job: a}]\n"
    )
    location = load_scenario(file).scenario.location
    assert location is not None
    assert location.python_file == Path("/opt/code/jobs.py")


def test_replicas_make_cells_and_show_in_their_names(tmp_path: Path) -> None:
    file = tmp_path / "replicas.yaml"
    file.write_text("name: x\nserver: {replicas: [1, 3]}\nworkloads: [{workload: io_bound}]\n")
    one, three = cells_of(load_scenario(file).scenario)
    assert (one.replicas, three.replicas) == (1, 3)
    assert three.cell_id == f"{one.cell_id}-3replicas"
