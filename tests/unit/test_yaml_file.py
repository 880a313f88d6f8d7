"""Jobs and prices files: each problem is told with its line, what was given and what is allowed."""

from pathlib import Path

import pytest

from harness.cli.demand_file import DemandFile
from harness.cli.prices_file import PricesFile
from harness.cli.yaml_file import Model, read_yaml
from harness.errors import InputError

JOB = "{name: a, workload: io_bound, duration: 45s, every: 1d}"


@pytest.mark.parametrize(
    ("model", "text", "told"),
    [
        (DemandFile, "jobs: []", ["1: jobs: at least one is expected; got []"]),
        (DemandFile, f"jobs:\n  - {JOB}\njobz: 3", ["3: jobz: unknown key; did you mean jobs? allowed:"]),
        (DemandFile, "jobs:\n  - name: x\n    name: y", ["3: jobs.0.name: given twice (first in line 2)"]),
        (
            DemandFile,
            f"jobs:\n  - {JOB}\n  - {{name: a, duration: 45, runs_per_hour: -1, at_onc: 3}}",
            [
                "3: jobs.1.workload: missing; measured workload",
                "3: jobs.1.runs_per_hour: greater than 0 is expected; got -1",
                "3: jobs.1.at_onc: unknown key; did you mean at_once?",
            ],
        ),
        (DemandFile, "jobs: [", ["1: not YAML"]),
        (DemandFile, "- 1", ["a mapping with a list of jobs is expected"]),
        (DemandFile, "&a\njobs: [*a]", ["refers to itself"]),
        (PricesFile, "platforms:\n  kubernetes: {gib_hour: 1}", ["2: platforms.kubernetes: vcpu_hour and"]),
        (PricesFile, "platforms:\n  ecs: {vcpu_hour: 1, gib_hour: 1}", ["2: platforms.ecs: 'ecs-fargate'"]),
        (
            PricesFile,
            "platforms:\n  compose:\n    machines:\n      - {name: x, cpus: 2, memory: 2g, hour: -1, our: 1}",
            ["4: platforms.compose.machines.0.hour: greater", "4: platforms.compose.machines.0.our: unknown"],
        ),
    ],
)  # fmt: skip
def test_each_problem_is_told_with_its_line(
    tmp_path: Path, model: type[Model], text: str, told: list[str]
) -> None:
    file = tmp_path / "given.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(file, model, "a list of jobs")
    lines = str(caught.value).splitlines()
    for line in told:
        assert any(line in one for one in lines), (line, lines)
    assert all(one.startswith(str(file)) for one in lines)
