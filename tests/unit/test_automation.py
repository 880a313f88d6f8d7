"""Hooks and workflows name what there is: pre-commit takes the file, tools are installed, targets exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.cli_support import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
HOOKS = ROOT / ".pre-commit-config.yaml"


def test_pre_commit_takes_the_hooks() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "validate-config", HOOKS],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_hook_runs_a_tool_that_is_installed() -> None:
    hooks = [hook for repo in yaml.safe_load(HOOKS.read_text("utf-8"))["repos"] for hook in repo["hooks"]]
    assert {hook["id"] for hook in hooks} >= {
        "ruff",
        "ruff-format",
        "mypy",
        "yaml",
        "end-of-file",
        "workflows",
    }
    for hook in hooks:
        tool = hook["entry"].removeprefix("bash ").split()[0]
        where = Path(sys.executable).parent if tool.startswith(".venv/bin/") else ROOT
        assert (where / tool.removeprefix(".venv/bin/")).is_file(), tool


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_target_of_a_workflow_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    steps = [
        step for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values() for step in job["steps"]
    ]
    asked = [name for step in steps for name in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))]
    assert asked
    assert set(asked) <= targets


def test_the_night_runs_every_test_and_a_push_those_of_the_readme() -> None:
    told = {file.stem: file.read_text("utf-8") for file in WORKFLOWS}
    assert "make test-all" in told["nightly"]
    assert re.search(r"make test$", told["checks"], re.MULTILINE)
    assert "make lint" in told["checks"]


def measured(folder: Path, said: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """What the action's script does with a command that only says what it is asked; and the summary."""
    command = folder / "sizing"
    command.write_text(f'#!/bin/bash\nprintf "<%s>" "$@"; echo\n{said}\n')
    command.chmod(0o755)
    summary = folder / "summary.md"
    summary.touch()
    defaults = {"STACK": "process", "OUT": str(folder / "out"), "FAIL_ON": "regressed"}
    done = subprocess.run(
        ["bash", str(ROOT / ".github" / "measure.sh")],
        env={"PATH": "/usr/bin:/bin", "SIZING": str(command), "GITHUB_STEP_SUMMARY": str(summary)}
        | defaults
        | environment,
        capture_output=True,
        text=True,
    )
    return done, summary.read_text("utf-8")


def test_the_action_gives_its_script_every_input() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (step,) = [one for one in action["runs"]["steps"] if one.get("name") == "Measure"]
    used = set(re.findall(r"inputs\.([a-z-]+)", " ".join(step["env"].values())))
    assert used == set(action["inputs"])
    script = (ROOT / ".github" / "measure.sh").read_text("utf-8")
    assert all(f"${name}" in script or f"${{{name}:-" in script for name in step["env"])


def test_the_action_measures_and_compares(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("the result\n")
    (tmp_path / "out" / "comparison.md").write_text("the comparison\n")
    done, summary = measured(
        tmp_path,
        "[ $1 = bench ] || exit 7",
        SCENARIO="a b.yaml",
        CHANGES="load.repeats=2\n\nserver.env={A: b c}\n",
        BASELINE="before",
    )
    bench, compare = done.stdout.splitlines()
    assert bench.startswith("<bench><a b.yaml><--set><load.repeats=2><--set><server.env={A: b c}><--stack>")
    assert compare.startswith("<compare><before><")
    assert compare.endswith("<--fail-on><regressed>")
    assert done.returncode == 7
    assert summary == "the result\nthe comparison\n"


def test_the_action_ends_with_the_measurement_where_that_fails_or_is_all(tmp_path: Path) -> None:
    failed, _ = measured(tmp_path, "exit 5", SCENARIO="quick", BASELINE="before")
    assert failed.returncode == 5
    assert len(failed.stdout.splitlines()) == 1
    alone, _ = measured(tmp_path, "exit 0", SCENARIO="quick")
    assert alone.returncode == 0
    assert len(alone.stdout.splitlines()) == 1
