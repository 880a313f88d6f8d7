import gc
import json
import os
import subprocess
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from harness.errors import MachineError
from harness.stack import ledger as ledger_module
from harness.stack.ledger import Ledger, ProcessMark, clean, mark, others_measuring, terminate


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("DAGSTER_SIZING_STATE", str(folder))
    return folder


def orphaned(state: Path, **entry: object) -> Path:
    """The record of an experiment whose harness is dead."""
    state.mkdir(exist_ok=True)
    file = state / "dead.json"
    empty: dict[str, object] = {"processes": [], "cgroups": [], "folders": []}
    file.write_text(json.dumps(empty | {"owner": {"pid": 2**22 + 1, "created": 1.0}} | entry))
    return file


def test_everything_recorded_is_gone_after_close(state: Path) -> None:
    ledger = Ledger()
    folder = ledger.make_folder("dagster-sizing-test-")
    assert [file.suffix for file in state.iterdir()] == [".json"]
    ledger.close()
    assert not folder.exists()
    assert list(state.iterdir()) == []


def test_a_process_that_nobody_takes_note_of_has_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "GRACE_SECONDS", 3600.0)  # to wait for its parent would be for ever
    careless = (
        "import subprocess as s, time; print(s.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", careless], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert terminate([mark(child)]) == 1
        assert psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        parent.kill()


def test_the_live_view_of_a_killed_bench_is_removed(state: Path, tmp_path: Path) -> None:
    live = tmp_path / "live.json"
    live.write_text("{}")
    orphaned(state, files=[str(live), str(tmp_path / "never-made")])
    said: list[str] = []
    clean(said.append)
    assert said == ["removed 0 processes, 0 cgroups, 0 scratch folders, 1 live views"]
    assert not live.exists()
    assert list(state.iterdir()) == []


def test_other_experiments_are_those_that_are_alive_and_measure(state: Path, tmp_path: Path) -> None:
    own, live = Ledger(), tmp_path / "live.json"
    own.add_file(live)
    orphaned(state, files=[str(live)])
    assert others_measuring() == 0
    with subprocess.Popen(["sleep", "600"]) as other:
        entry = {"owner": asdict(mark(other.pid)), "processes": [], "cgroups": [], "folders": []}
        (state / "idle.json").write_text(json.dumps(entry))
        assert others_measuring() == 0
        for name in ("a", "b"):  # one experiment, two records
            (state / f"{name}.json").write_text(json.dumps(entry | {"files": [str(live)]}))
        assert others_measuring() == 1
        other.kill()
    own.close()


def test_clean_leaves_what_a_living_harness_owns(state: Path) -> None:
    ledger, _ = Ledger(), Ledger()  # one experiment has several
    said: list[str] = []
    clean(said.append)
    assert said[0] == "1 experiments are still running and were left alone"
    assert len(list(state.iterdir())) == 2
    ledger.close()


def test_a_clock_that_is_set_changes_nobodys_identity(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    folder = ledger.make_folder("dagster-sizing-test-")
    sleeper = subprocess.Popen(["sleep", "600"])
    ours = mark(sleeper.pid)
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: real(self) + 1.0)
    said: list[str] = []
    clean(said.append)
    assert said[0] == "1 experiments are still running and were left alone"
    assert folder.exists()
    assert ours.alive() is not None
    sleeper.kill()
    sleeper.wait()
    assert ours.alive() is None
    assert ProcessMark(os.getpid(), ours.started).alive() is None  # the pid of another
    ledger.close()


def test_a_record_of_an_older_harness_is_understood(state: Path) -> None:
    sleeper = subprocess.Popen(["sleep", "600"])
    created = psutil.Process(sleeper.pid).create_time()
    record = orphaned(state, processes=[{"pid": sleeper.pid, "created": created}])
    said: list[str] = []
    clean(said.append)
    assert said == ["removed 1 processes, 0 cgroups, 0 scratch folders"]
    assert sleeper.poll() is not None
    assert not record.exists()


def test_clean_removes_what_a_dead_one_left_and_says_so(state: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    record = orphaned(state, folders=[str(left)])
    said: list[str] = []
    clean(said.append)
    assert said == ["removed 0 processes, 0 cgroups, 1 scratch folders"]
    assert not left.exists()
    assert not record.exists()


def test_what_cannot_be_removed_is_not_forgotten(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.stack.limited_cgroup.time.sleep", lambda _: None)
    busy = tmp_path / "busy"
    (busy / "inside").mkdir(parents=True)
    record = orphaned(state, cgroups=[str(busy)])
    said: list[str] = []
    clean(said.append)
    assert said == [
        f"{busy} could not be removed; run clean again when nothing uses it any more",
        "removed 0 processes, 0 cgroups, 0 scratch folders",
    ]
    assert record.exists()
    (busy / "inside").rmdir()
    clean(said.append)
    assert said[2:] == ["removed 0 processes, 1 cgroups, 0 scratch folders"]
    assert not record.exists()


def test_containers_are_not_forgotten_while_their_engine_does_not_answer(state: Path, tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/nothing.sock"
    record = orphaned(state, engines=[{"host": host, "experiment": "abc"}])
    said: list[str] = []
    with warnings.catch_warnings():
        # docker-py forgets to close the socket of a client that it could not make
        warnings.simplefilter("ignore", ResourceWarning)
        clean(said.append)
        gc.collect()
    assert "no Docker daemon answers" in said[0]
    assert "run clean again" in said[0]
    assert record.exists()


def test_a_record_that_cannot_be_read_is_dropped(state: Path) -> None:
    state.mkdir()
    (state / "bad.json").write_text("{")
    clean(lambda _: None)
    assert list(state.iterdir()) == []


def test_an_engine_that_is_gone_is_said_and_kept_for_later(state: Path, tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.add_engine(f"unix://{tmp_path}/no-engine", "abc")
    ledger.add_namespace(str(tmp_path / "no-kubeconfig"), "nowhere", "dagster-sizing-abc")
    folder = ledger.make_folder("dagster-sizing-test-")
    said: list[str] = []
    ledger.close(said.append)
    assert not folder.exists()
    (line,) = said
    assert line.startswith("not all could be removed (")
    assert line.endswith("dagster-sizing clean")
    assert list(state.glob("*.json"))
    with pytest.raises(MachineError):
        ledger.close()
