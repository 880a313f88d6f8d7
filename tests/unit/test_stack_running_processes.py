"""How the end of a plain process is told: by its own doing, or killed."""

import subprocess
from pathlib import Path

import pytest

from harness.errors import ExperimentError
from harness.stack.running_processes import Service, check_not_killed, check_services


def ended(tmp_path: Path, *command: str) -> Service:
    log = tmp_path / "log"
    log.write_text("INFO - Started\n")
    process = subprocess.Popen(command)
    process.wait()
    return Service("code-server", process, log)


def test_a_killed_server_is_told_as_one_whatever_it_wrote_last(tmp_path: Path) -> None:
    killed = ended(tmp_path, "sh", "-c", "kill -9 $$")
    with pytest.raises(ExperimentError, match=r"code-server: something killed it \(signal 9, Killed\)"):
        check_not_killed(killed)


def test_a_server_that_ends_by_itself_is_not_called_killed(tmp_path: Path) -> None:
    failed = ended(tmp_path, "sh", "-c", "exit 3")
    check_not_killed(failed)
    with pytest.raises(ExperimentError, match=r"ended with exit code 3: INFO - Started"):
        check_services([failed])
