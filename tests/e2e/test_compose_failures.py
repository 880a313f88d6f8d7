"""What goes wrong in containers is seen, told, and leaves nothing behind."""

import signal
import subprocess
import time
from pathlib import Path

import docker
import pytest

from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from tests.e2e.engine_support import running, things, until
from tests.integration.bench_support import FIXTURES, QUICK, document, run, start, traces

pytestmark = pytest.mark.e2e

SMALL = ("--stack", "compose", "--set", "load.levels=[2]", "--set", "load.repeats=2")


def started_until(word: str, *arguments: str, state: Path) -> subprocess.Popen[str]:
    """Start the command line and read its output until a line has `word`."""
    process = start(*arguments, state=state)
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if word in line:
            return process
    raise AssertionError(f"{word!r} never came:\n{seen}")


def why_invalid(result: ResultDocument) -> str:
    assert result.validity.state == "invalid"
    return " ".join(reason.message for reason in result.validity.reasons if reason.severity == "invalid")


@pytest.mark.parametrize(
    ("memory", "ballast", "level"),
    [("512MiB", "0MiB", 10), ("768MiB", "300MiB", 4)],
    ids=["light runs", "heavy runs"],
)
def test_a_burst_past_the_memory_limit_is_recorded_with_its_victim(
    memory: str, ballast: str, level: int, tmp_path: Path
) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    workload = f"workloads=[{{workload: io_bound, ballast: {ballast}, duration: 5s}}]"
    limits = ("--set", f"server.memory={memory}", "--set", f"load.levels=[{level}]", "--set", workload)
    # one run fits, so that warm-up gets through and it is the burst that is too much
    shape = ("--set", "load.repeats=1", "--set", "load.warmup.launches=1")
    code, output = run("bench", str(QUICK), *SMALL, *limits, *shape, "--out", str(out), state=state)
    result = document(out)
    [cell] = result.cells
    print(why_invalid(result), cell.events)
    # 4: a run was killed and the burst drained; 5: the code server itself was, and the experiment broke off
    assert code in (4, 5), output
    killed = [event for event in cell.events if event.kind == "oom"]
    assert killed
    bursts = ResultFolder(out).table("bursts")
    last = bursts.iloc[-1]
    assert last["level"] == level
    # warm-up bursts come first, and may be too much as well
    assert killed[0].at_epoch_seconds > bursts["released_epoch_seconds"].iloc[0]
    assert "the kernel killed" in why_invalid(result)
    if code == 5:
        assert "code-server-1" in why_invalid(result)
        assert any(event.kind == "exit" and event.exit_code == 137 for event in cell.events)
    else:
        assert "MiB RSS" in last["oom_victims"]
        assert last["oom_victims"] in why_invalid(result)
    assert "the kernel killed" in output
    assert traces(state) == []


@pytest.mark.parametrize(("service", "action"), [("postgres", "stop"), ("webserver", "kill")])
def test_a_part_that_ends_in_mid_run_ends_the_experiment_with_the_reason(
    service: str, action: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    long = ("--set", "workloads=[{workload: io_bound, duration: 20s}]", "--set", "timeouts.launch=20s")
    process = started_until(
        "burst 1 of 2", "bench", str(QUICK), *SMALL, *long, "--out", str(out), state=state
    )
    time.sleep(6)
    [container] = running(engine, service)
    [server] = running(engine, "code-server")
    environment = engine.api.inspect_container(server)["Config"]["Env"]
    [password] = [v.partition("=")[2] for v in environment if v.startswith("DAGSTER_PG_PASSWORD=")]
    getattr(engine.api, action)(container)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 5, output
    result = document(out)
    assert f"{service}-1 ended with exit code" in why_invalid(result)
    assert next(e.service for e in result.cells[0].events if e.kind == "exit") == f"{service}-1"
    assert output.strip().splitlines()[-1].startswith("error: ")
    assert len(password) >= 24
    kept = [file.read_bytes() for file in out.rglob("*") if file.is_file()]
    assert not any(password.encode() in content for content in kept)
    assert traces(state) == []


@pytest.mark.slow
def test_killed_in_mid_burst_then_cleaned_beside_an_experiment_that_goes_on(
    engine: docker.DockerClient, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    before = things(engine)
    killed = started_until(
        "burst 1 of 2", "bench", str(QUICK), *SMALL, "--out", str(tmp_path / "killed"), state=state
    )
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert killed.stdout is not None
    killed.stdout.close()
    left = things(engine)
    assert left["containers"] > before["containers"]

    other = started_until(
        *("burst 1 of 2", "bench", str(QUICK), *SMALL, "--set", "workloads=[{workload: io_bound}]"),
        *("--out", str(tmp_path / "other")),
        state=state,
    )
    code, output = run("clean", state=state)
    assert code == 0
    assert "1 experiments are still running" in output
    assert "containers" in output
    kept = things(engine)
    assert kept["containers"].isdisjoint(left["containers"] - before["containers"])
    assert kept["containers"] > before["containers"]
    output, _ = other.communicate(timeout=300)
    # one level cannot be fitted, but both bursts were measured to their end beside the clean-up
    assert other.returncode in (0, 4), output
    assert document(tmp_path / "other").cells[0].state == "finished"
    until(lambda: things(engine) == before)
    assert traces(state) == []


def test_ctrl_c_takes_the_containers_down(engine: docker.DockerClient, tmp_path: Path) -> None:
    for number, moment in enumerate(("waiting for the code server", "warm-up burst 1")):
        state = tmp_path / "state"
        process = started_until(
            moment, "bench", str(QUICK), *SMALL, "--out", str(tmp_path / str(number)), state=state
        )
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 130, output
        assert "--stack compose" in output
        assert traces(state) == []


def test_without_docker_it_ends_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    out = tmp_path / "result"
    code, output = run("bench", str(QUICK), "--stack", "compose", "--out", str(out), state=tmp_path / "state")
    assert code == 3
    assert len(output.strip().splitlines()) == 1
    assert "no Docker daemon answers" in output
    assert "--stack process" in output
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["location={python_file: broken.py}"], ["location", "a_package_nobody_has"]),
        (["location.requirements=[a-package-nobody-has]"], ["requirements", "a-package-nobody-has"]),
        (["location={image: 'nobody/has-this:1', module: shop}"], ["nobody/has-this:1"]),
        (["location.python=/usr/bin/python3"], ["location.python", "requirements", "location.image"]),
    ],
)
def test_what_cannot_run_ends_in_one_line_before_any_load(
    options: list[str], said: list[str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    arguments = [part for option in options for part in ("--set", option)]
    shop = FIXTURES / "own_code" / "shop.yaml"
    out = tmp_path / "result"
    code, output = run("bench", str(shop), *arguments, "--stack", "compose", "--out", str(out), state=state)
    assert code in (2, 3), output
    errors = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, output
    for part in said:
        assert part in errors[0]
    assert "warm-up" not in output
    assert traces(state) == []
