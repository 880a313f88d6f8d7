"""How the end of a plain process is told: by its own doing, or killed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.errors import ExperimentError
from harness.stack import limited_cgroup
from harness.stack.limited_cgroup import Scope
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


def scoped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str) -> tuple[Service, Path]:
    """A server that waits for a line, in what looks like the scope `unit` of the user's systemd."""
    directory = tmp_path / unit
    directory.mkdir()
    (directory / "memory.events").write_text("low 0\noom 0\noom_kill 0\n")
    monkeypatch.setattr(limited_cgroup, "of_process", lambda _pid: directory if directory.exists() else None)
    process = subprocess.Popen(["sh", "-c", "read line; kill -9 $$"], stdin=subprocess.PIPE)
    log = tmp_path / "log"
    log.touch()
    return Service("code-server", process, log, scope=Scope("dagster-sizing-1.scope")), directory


def end(service: Service) -> None:
    assert service.process.stdin is not None
    service.process.stdin.close()
    service.process.wait()


def test_an_oom_kill_in_a_scope_is_named_after_the_scope_has_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, directory = scoped(tmp_path, monkeypatch, "dagster-sizing-1.scope")
    check_not_killed(server)
    (directory / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    check_not_killed(server)  # it was a run: the server lives
    assert server.oom_kills() == 1
    shutil.rmtree(directory)
    end(server)
    with pytest.raises(ExperimentError, match="the kernel killed it at the memory limit"):
        check_not_killed(server)


@pytest.mark.parametrize("unit", ["dagster-sizing-1.scope", "user.slice"])
def test_a_kill_in_a_scope_that_went_before_anybody_looked_is_not_told_for_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    server, directory = scoped(tmp_path, monkeypatch, unit)
    check_not_killed(server)
    if unit != "user.slice":  # where systemd has not yet moved it, the cgroup is somebody else's
        shutil.rmtree(directory)
    else:
        (directory / "memory.events").write_text("oom_kill 7\n")
    end(server)
    with pytest.raises(ExperimentError, match="perhaps the memory limit"):
        check_not_killed(server)
