"""What an experiment shows to others: no secret, and no port beyond this machine."""

import time
from pathlib import Path

import psutil
import pytest

from tests.integration.bench_support import FIXTURES, QUICK, read_until, start, traces

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SECRETS = ("planted-in-the-environment-4711", "planted-in-the-file-4712")


def command_lines() -> str:
    lines = []
    for process in psutil.process_iter():
        try:
            lines.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return "\n".join(lines)


def listening(harness: psutil.Process) -> dict[str, set[str]]:
    """Addresses at which each program below the harness listens."""
    found: dict[str, set[str]] = {}
    for process in harness.children(recursive=True):
        try:
            for one in process.net_connections("inet"):
                if one.status == psutil.CONN_LISTEN:
                    found.setdefault(" ".join(process.cmdline())[:200], set()).add(one.laddr.ip)
        except psutil.Error:
            continue
    return found


def test_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    options = ("--set", "load.levels=[2]", "--set", "load.repeats=1", "--set", "load.processes=2")
    out, state = tmp_path / "result", tmp_path / "state"
    process = start("bench", str(QUICK), "--out", str(out), *options, state=state)
    read_until(process, "burst 1 of 1")
    harness = psutil.Process(process.pid)
    found: dict[str, set[str]] = {}
    while process.poll() is None:
        found |= listening(harness)
        time.sleep(0.2)
    process.communicate()
    programs = " ".join(found)
    assert "dagster api grpc" in programs
    assert "dagster_webserver" in programs
    assert "locustfile" in programs  # its processes find one another at a port
    addresses = {address for those in found.values() for address in those}
    assert addresses <= {"127.0.0.1", "::ffff:127.0.0.1"}, found  # the second is the first, as IPv6 has it


def test_a_secret_is_neither_kept_nor_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", SECRETS[0])
    (tmp_path / "server.env").write_text(f"WAREHOUSE_TOKEN={SECRETS[1]}\n")
    (tmp_path / "needs_token.py").write_text((FIXTURES / "locations" / "needs_token.py").read_text())
    (tmp_path / "scenario.yaml").write_text(
        "name: secrets\n"
        "location: {python_file: needs_token.py}\n"
        "server: {memory: 2GiB, env: {FROM_OUTSIDE: }, env_file: server.env}\n"
        "workloads: [{job: etl}]\n"
        "load: {levels: [1], repeats: 1}\n"
    )
    out, state = tmp_path / "result", tmp_path / "state"
    process = start("bench", str(tmp_path / "scenario.yaml"), "--out", str(out), state=state)
    seen = read_until(process, "burst 1 of 1")
    shown = command_lines()
    rest, _ = process.communicate(timeout=200)
    assert process.returncode == 0, seen + rest
    kept = [file for file in out.rglob("*") if file.is_file()]
    assert len(kept) > 10
    for secret in SECRETS:
        assert secret not in seen + rest + shown
        assert not [file for file in kept if secret.encode() in file.read_bytes()]
    assert traces(state) == []
