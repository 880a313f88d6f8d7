"""What a running experiment leaves for whoever looks on."""

import time
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import ExperimentError
from harness.experiment import live_writer as live_module
from harness.experiment.live_writer import Live
from harness.observe.source import Newest
from harness.report.pages.live_page import live_data, render_live_page
from harness.report.pictures.live_pictures import drawable, live_pictures
from harness.results.folder import ResultFolder
from harness.results.live_document import LIVE_FILE, LiveDocument, ReadingRecord, read_live, write_live
from harness.views.live_view import live_rows
from tests.unit.pages_support import HOSTILE, assert_escaped
from tests.unit.results_sample import document


class Told:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def cell_started(self, number: int, cells: int, label: str) -> None:
        self.words.append(f"cell {number} of {cells} {label}")

    def say(self, what: str) -> None:
        self.words.append(what)

    def planned(self, bursts: int, seconds: float) -> None:
        self.words.append(f"{bursts} planned, {seconds}")

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        self.words.append(f"{text}, {bursts_left} left")

    def cell_finished(self, label: str) -> None:
        self.words.append(f"finished {label}")


class Samplers:
    """Hands out one reading after the other, as a group of samplers does."""

    def __init__(self) -> None:
        self.asked = 0

    def newest(self) -> dict[str, Newest]:
        self.asked += 1
        sample: dict[str, float | int | None] = {
            "at_epoch_seconds": 100.0 + self.asked,
            "cpu_seconds": 2.0 * self.asked,
            "memory_bytes": 2**20,
        }
        return {
            "server": (sample, pd.DataFrame({"role": ["server", "run", "run", "helper"]})),
            "late": (None, None),
        }


def wait_for(folder: Path, readings: int) -> LiveDocument:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = read_live(folder)
        if found is not None and len(found.readings) >= readings:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never {readings} readings in {folder / LIVE_FILE}")


def test_all_is_told_on_and_kept_while_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "PERIOD_SECONDS", 0.02)
    told = Told()
    live = Live(ResultFolder(tmp_path), told)
    assert read_live(tmp_path) is None
    with live.written():
        live.cell_started(1, 2, "io_bound-cell")
        live.say("warm-up burst 1")
        live.burst_done("1 runs: warm-up", 0, 0.0)
        live.planned(6, 60.0)
        live.burst_done("2 runs: 2 succeeded", 5, 50.0)
        with live.reading(Samplers()):  # type: ignore[arg-type]
            found = wait_for(tmp_path, 3)
        assert (found.cell_number, found.cells, found.cell_id) == (1, 2, "io_bound-cell")
        assert (found.bursts_done, found.bursts_planned, found.seconds_left) == (1, 6, 50.0)
        assert found.doing == "warm-up burst 1"
        assert found.bursts == ("1 runs: warm-up", "2 runs: 2 succeeded")
        assert not found.silent
        assert {one.replica for one in found.readings} == {"server"}
        first, second, *_ = found.readings
        assert (first.memory_bytes, first.runs, first.cpu_cores) == (2**20, 2, None)
        assert second.cpu_cores == pytest.approx(2.0)  # 2 CPU-seconds more, a second later
        live.cell_finished("io_bound-cell")
    assert not list(tmp_path.iterdir())
    assert told.words == [
        "cell 1 of 2 io_bound-cell",
        "warm-up burst 1",
        "1 runs: warm-up, 0 left",
        "6 planned, 60.0",
        "2 runs: 2 succeeded, 5 left",
        "finished io_bound-cell",
    ]


def test_nothing_stays_when_the_experiment_breaks_off(tmp_path: Path) -> None:
    live = Live(ResultFolder(tmp_path), Told())
    with pytest.raises(ExperimentError), live.written():
        raise ExperimentError("gone")
    assert not (tmp_path / LIVE_FILE).exists()


def test_a_folder_that_cannot_be_written_ends_no_experiment(tmp_path: Path) -> None:
    with Live(ResultFolder(tmp_path / "not-there"), Told()).written():
        time.sleep(0.05)


def of_now(**changes: object) -> LiveDocument:
    now = time.time()
    readings = (
        ReadingRecord(at_epoch_seconds=now - 2, replica="a", memory_bytes=None, cpu_cores=None, runs=None),
        ReadingRecord(at_epoch_seconds=now, replica="a", memory_bytes=3 * 2**20, cpu_cores=1.23456, runs=4),
    )
    return LiveDocument(written_epoch_seconds=now, readings=readings).model_copy(update=changes)


def test_one_that_was_killed_is_silent_after_a_while(tmp_path: Path) -> None:
    write_live(tmp_path, of_now(written_epoch_seconds=time.time() - 60))
    found = read_live(tmp_path)
    assert found is not None
    assert found.silent
    (tmp_path / LIVE_FILE).write_text("{")
    assert read_live(tmp_path) is None


def test_rows_count_back_from_now() -> None:
    first, second = live_rows(of_now())
    assert first == {"seconds": -2.0, "replica": "a", "memory_mib": None, "cpu_cores": None, "runs": None}
    assert second == {"seconds": 0.0, "replica": "a", "memory_mib": 3.0, "cpu_cores": 1.235, "runs": 4}


def test_the_page_says_what_is_known_and_runs_nothing_of_it() -> None:
    live = of_now(
        cell_number=1, cells=1, cell_id=HOSTILE, doing=HOSTILE, bursts=(HOSTILE,), seconds_left=200.0
    )
    told = live_data(live)
    assert (told["left"], told["planned"], told["cell"]) == ("about 3 min left", 0, f"cell 1 of 1: {HOSTILE}")
    page = render_live_page(document(name=HOSTILE), live, "/live-data/a", "/report/a")
    assert_escaped(page)
    assert "connect-src 'self'" in page
    assert "data-picture=" in page


def test_nothing_is_drawn_that_was_not_read_yet() -> None:
    empty, whole = of_now(readings=()), of_now()
    page = render_live_page(document(), empty, "/live-data/a", "/report/a")
    assert "Nothing is read yet" in page
    assert "data-picture=" not in page
    first = whole.readings[1].model_copy(update={"cpu_cores": None})
    assert drawable(live_rows(of_now(readings=(first,)))) == ["live-memory", "live-runs"]
    assert [one.name for one in live_pictures(live_rows(whole), 1024)] == live_data(whole)["drawn"]
    assert len(live_data(whole)["drawn"]) == 3


def test_a_server_that_was_started_again_has_no_cores_below_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "PERIOD_SECONDS", 0.02)

    class Restarted(Samplers):
        def newest(self) -> dict[str, Newest]:
            found = super().newest()
            sample, walk = found["server"]
            assert sample is not None
            return {"server": (sample | {"cpu_seconds": 500.0 if self.asked == 1 else self.asked}, walk)}

    live = Live(ResultFolder(tmp_path), Told())
    with live.written(), live.reading(Restarted()):  # type: ignore[arg-type]
        seen = wait_for(tmp_path, 4).readings
    assert [one.cpu_cores for one in seen[:2]] == [None, None]
    assert all(one.cpu_cores is None or one.cpu_cores >= 0 for one in seen)


def test_a_view_that_cannot_go_on_says_so_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "PERIOD_SECONDS", 0.02)

    class Broken(Samplers):
        def newest(self) -> dict[str, Newest]:
            raise KeyError("role")

    told = Told()
    live = Live(ResultFolder(tmp_path), told)
    with live.written(), live.reading(Broken()):  # type: ignore[arg-type]
        end = time.monotonic() + 30
        while not told.words and time.monotonic() < end:
            time.sleep(0.02)
    assert told.words == ["whoever looks on sees nothing new from now on: KeyError('role')"]
