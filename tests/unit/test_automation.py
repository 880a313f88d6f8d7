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
