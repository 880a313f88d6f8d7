"""An engine that is reached by ssh, as if it were on another machine: a bench, and nothing left of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
import pytest

from tests.e2e.engine_support import running
from tests.integration.bench_support import QUICK, document, measure, read_until, run, start, value
from tests.real_sshd import missing, sshd

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"not on the PATH: {missing()} (Debian: openssh-server)"),
]
SMALL = (
    *("--set", "load.levels=[1,3]", "--set", "load.repeats=3"),
    *("--set", "workloads=[{workload: io_bound}]"),
)
MIB = 2**20


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with sshd(tmp_path / "sshd") as found:
        monkeypatch.setenv("PATH", found.path)
        monkeypatch.setenv("DOCKER_HOST", found.host)
        yield found.host
        assert not tunnels()


def tunnels() -> list[psutil.Process]:
    """Those of the harness, which would outlive it."""
    return [one for one in psutil.process_iter(["cmdline"]) if "-nNT" in (one.info["cmdline"] or ())]


def test_a_bench_by_ssh_is_one_on_this_machine(host: str, tmp_path: Path) -> None:
    result = document(measure(QUICK, tmp_path / "there", "--stack", "compose", *SMALL))
    engine = result.fingerprint.model_dump()["engine"]
    assert engine["elsewhere"] is True
    assert result.fingerprint.cpu_count == psutil.cpu_count()
    assert 60 * MIB < value(result, "io_bound", "memory_per_run_bytes") < 160 * MIB


def test_a_killed_bench_is_cleaned_by_ssh(host: str, engine: docker.DockerClient, tmp_path: Path) -> None:
    state = tmp_path / "state"
    bench = start(
        *("bench", str(QUICK), "--stack", "compose", *SMALL, "--out", str(tmp_path / "a")), state=state
    )
    read_until(bench, "burst 1 of")
    assert running(engine, "code-server")
    bench.kill()
    bench.communicate(timeout=60)
    code, said = run("clean", state=state)
    assert code == 0, said
    assert not running(engine, "code-server")


def test_doctor_says_how_the_clocks_agree(host: str, tmp_path: Path) -> None:
    _, said = run("doctor", state=tmp_path / "state")
    assert f"docker host: {host}, whose clock is " in said.replace("\n", " ")
