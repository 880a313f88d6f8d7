from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario
from harness.scenario.schema import json_schema
from harness.scenario.units import parse_bytes, parse_seconds

FIXTURES = Path(__file__).parents[1] / "fixtures"
MINIMAL = """\
name: small
workloads:
  - workload: io_bound
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)
    return file


def problem(tmp_path: Path, text: str, *overrides: str) -> str:
    file = write(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file, overrides)
    return str(caught.value).replace(str(file), "FILE")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("250ms", 0.25), ("2m", 120), ("2 min", 120), ("1h", 3600), (3, 3), (0.5, 0.5)],
)
def test_times(text: Any, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"), [("512MiB", 512 * 2**20), ("2GB", 2 * 10**9), ("1.5GiB", 3 * 2**29), (1024, 1024)]
)
def test_sizes(text: Any, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("wrong", ["five", "5 parsecs", "", None, True, [5], "-5s"])
def test_what_is_no_time_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a time such as"):
        parse_seconds(wrong)


@given(st.integers(0, 10**6))
def test_sizes_in_mib_are_exact(count: int) -> None:
    assert parse_bytes(f"{count}MiB") == count * 2**20


def test_a_minimal_scenario_gets_every_default(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, MINIMAL)).scenario
    assert scenario.dagster.coordinator == "default"
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL + "lod: {}\n", ["FILE:4: lod: unknown key", "did you mean load?", "allowed:"]),
        (MINIMAL + "load:\n  repeat: 3\n", ["FILE:5: load.repeat: unknown key", "did you mean repeats?"]),
        (MINIMAL + "    balast: 3\n", ["FILE:4: workloads.0.balast", "did you mean ballast?"]),
        (MINIMAL + "server:\n  memory: lots\n", ["FILE:5: server.memory", "512MiB", "got 'lots'"]),
        (MINIMAL + "server:\n  memory: 64MiB\n", ["FILE:5: server.memory", "256MiB"]),
        (MINIMAL + "load:\n  plateau: 5x\n", ["FILE:5: load.plateau", "250ms, 5s", "got '5x'"]),
        (MINIMAL + "load:\n  levels: [1, 1]\n", ["FILE:5: load.levels", "each level once"]),
        (MINIMAL + "load:\n  shape: poisson\n", ["FILE:4: load", "needs a window"]),
        (MINIMAL + "dagster:\n  versions: [1.10]\n", ["FILE:5: dagster.versions.0", "quotes"]),
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


def test_overrides_change_fields_of_any_depth(tmp_path: Path) -> None:
    file = write(tmp_path, MINIMAL)
    options = ["load.repeats=2", "workloads.0.ballast=64MiB", "server.cpus=[1, 2]", "load.warmup.launches=3"]
    scenario = load_scenario(file, options).scenario
    assert scenario.load.repeats == 2
    assert scenario.workloads[0].run_config_for(1.0)["ops"]["io_bound_op"]["config"]["ballast_bytes"] == 2**26
    assert scenario.server.cpus == (1.0, 2.0)
    assert scenario.load.warmup.launches == 3


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("load.repeats", "key=value is expected"),
        ("load.repeats=many", "--set load.repeats=many: load.repeats"),
        ("load.repeets=3", "did you mean repeats?"),
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
    nightly, weekly = load_scenario(FIXTURES / "own_code" / "shop.yaml").scenario.workloads
    assert nightly.run_config_for(4.0) == {"ops": {"extract": {"config": {"days": 3, "pause_seconds": 4.0}}}}
    assert nightly.run_config_for(1.0) != nightly.run_config_for(4.0)
    assert weekly.run_config_for(4.0) == {}


def test_a_scenario_comes_back_from_a_result_as_it_was() -> None:
    for file in [*FIXTURES.glob("*.yaml"), FIXTURES / "own_code" / "shop.yaml"]:
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
    ],
)
def test_the_published_schema_agrees_with_the_loader(changes: dict[str, Any], valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(yaml.safe_load(MINIMAL) | changes) is valid
