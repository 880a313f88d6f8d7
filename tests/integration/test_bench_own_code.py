"""People come to size their own code: through a scenario alone."""

from pathlib import Path

import pytest

from tests.integration.bench_support import FIXTURES, document, measure, run, traces, value

pytestmark = pytest.mark.integration

SHOP = FIXTURES / "own_code" / "shop.yaml"


def test_a_foreign_location_is_measured_through_a_scenario_alone(tmp_path: Path) -> None:
    result = document(measure(SHOP, tmp_path))
    assert [cell.workload for cell in result.cells] == ["nightly", "weekly"]
    # Its import holds some 20 MiB in every process, so a run costs more than one of an empty location.
    assert value(result, "nightly", "memory_per_run_bytes") > 90 * 2**20
    assert "pandas" not in result.cells[0].packages


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["location.python_file=broken.py"], ["location", "a_package_nobody_has"]),
        (["workloads.0.job=nightlyy"], ["job nightlyy does not exist", "did you mean nightly?", "weekly"]),
        (
            ["workloads.0.run_config={ops: {extract: {config: {days: many}}}}"],
            ["run_config of job nightly", "days"],
        ),
        (
            ["location.python_file=../locations/needs_token.py", "workloads=[{job: etl}]"],
            ["environment variable WAREHOUSE_TOKEN is not set", "server.env"],
        ),
        (["location.attribute=nothing"], ["location", "nothing"]),
        (['dagster.versions=["1.11.999"]'], ["dagster.versions", "1.11.999"]),
        (["location.requirements=[a-package-nobody-has]"], ["requirements", "a-package-nobody-has"]),
    ],
)
def test_what_cannot_run_ends_in_one_line_before_any_load(
    options: list[str], said: list[str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    arguments = [part for option in options for part in ("--set", option)]
    code, output = run("bench", str(SHOP), *arguments, "--out", str(tmp_path / "result"), state=state)
    assert code == 2, output
    errors = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, output
    assert output.strip().splitlines()[-1] == errors[0]
    for part in said:
        assert part in errors[0]
    assert "warm-up" not in output
    assert traces(state) == []
