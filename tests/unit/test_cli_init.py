"""`dagster-sizing init`, the names of shipped scenarios, and the completion of shells."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from harness.scenario.load import load_scenario
from harness.scenario.shipped import shipped
from tests.unit.cli_support import Run


def test_options_become_a_scenario_that_loads(run: Run, tmp_path: Path) -> None:
    (tmp_path / "defs.py").write_text("")
    file = tmp_path / "etl.yaml"
    done = run(
        *("init", str(file), "--python-file", "defs.py", "--job", "nightly", "--job", "week: '1'"),
        *(
            "--memory",
            "4GiB",
            "--cpus",
            "500m",
            "--workers",
            "8",
            "--requirement",
            "pandas",
            "--dagster",
            "1.12.0",
        ),
    )
    assert done.returncode == 0, done.stderr
    assert f"dagster-sizing bench {file}" in done.stdout
    found = load_scenario(file).scenario
    assert found.name == "etl"
    assert found.location is not None
    assert found.location.python_file == tmp_path / "defs.py"
    assert found.location.requirements == ("pandas",)
    assert [getattr(one, "job", "") for one in found.workloads] == ["nightly", "week: '1'"]
    assert (found.server.cpus, found.server.memory) == ((0.5,), (4 * 2**30,))
    assert found.server.grpc_max_workers == (8,)
    assert found.dagster.versions == ("1.12.0",)


def test_an_image_is_measured_in_containers(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "etl.yaml"
    done = run("init", str(file), "--image", "team/etl:1", "--module", "etl", "--job", "nightly")
    assert "--stack compose" in done.stdout
    location = load_scenario(file).scenario.location
    assert location is not None
    assert (location.image, location.module) == ("team/etl:1", "etl")
    assert load_scenario(file).scenario.server.grpc_max_workers == ("unset",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--python-file or --module is missing"),
        (["--module", "a"], "--job is missing"),
        (["--module", "a", "--package", "b", "--job", "c"], "--module and --package: one of them"),
        (["--module", "a", "--job", "b", "--memory", "lots"], "server.memory: a size such as 2Gi"),
        (["--python-file", "nowhere.py", "--job", "b"], "location.python_file: does not exist"),
    ],
)
def test_what_makes_no_scenario_writes_none(
    run: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run("init", str(tmp_path / "new.yaml"), *arguments)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert not list(tmp_path.glob("*.yaml"))


def test_a_file_that_is_there_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    done = run("init", str(tmp_path / "mine.yaml"), "--module", "a", "--job", "b")
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "init", "etl.yaml"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    os.write(ours, b"etl.definitions\nnightly, weekly\n")
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    assert b"Jobs to measure" in said
    found = load_scenario(tmp_path / "etl.yaml").scenario
    assert found.location is not None
    assert found.location.module == "etl.definitions"
    assert [one.label for one in found.workloads] == ["nightly", "weekly"]


def test_shipped_scenarios_go_by_their_names(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "quick" in {path.stem for path in shipped()}
    done = run("scenario", "check", "quick")
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").write_text("name: own\nworkloads: [{workload: io_bound}]\n")
    assert load_scenario(Path("quick")).scenario.name == "own"  # a file of that name is what was meant
    done = run("scenario", "check", "quik")
    assert done.returncode == 2
    assert "quik: cannot be read" in done.stderr


def test_shells_complete_commands(run: Run) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness"],
        env=os.environ
        | {
            "_DAGSTER_SIZING_COMPLETE": "complete_bash",
            "COMP_WORDS": "dagster-sizing mat",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "matrix" in done.stdout
