"""Pages in a real browser: they open from disk, draw their pictures, compute sizes and can be used by all."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from harness.cli.pages import render_path
from harness.report.pages.result_page import render_result
from harness.results.folder import ResultFolder
from harness.sizing.fitting import fit_result
from tests.browser.browser_support import open_page, serious_faults
from tests.unit.cli_support import Run
from tests.unit.observed_made import made
from tests.unit.observed_made import written as written_observed
from tests.unit.pages_support import whole_tables
from tests.unit.results_sample import NO_REPLICAS, burst_row, document
from tests.unit.test_page_sizing import sized

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "results" / "claims"
HOSTILE = "<img src=x onerror=document.title='run'>"


def opened(browser: Browser, file: Path, width: int = 1280, dark: bool = False) -> tuple[Page, list[str]]:
    """A page with all its pictures drawn, and whatever it said or asked for."""
    page, said = open_page(browser, file.as_uri(), file.as_uri(), width, dark)
    page.evaluate("window.drawAll()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-picture]')].every(one => one.querySelector('svg'))"
    )
    return page, said


def written(folder: Path, content: str) -> Path:
    file = folder / "page.html"
    file.write_text(content, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("kind", "least"),
    # of the bursts of `replicas` none came to its end: there is no more than what went on over time
    [("oom-heavy", 10), ("pool", 26), ("replicas", 4), ("ticks", 8), ("", 33)],
)
def test_pages_open_from_disk_draw_all_and_ask_for_nothing(
    browser: Browser, tmp_path: Path, kind: str, least: int
) -> None:
    page, said = opened(browser, written(tmp_path, render_path(CLAIMS / kind).page))
    assert said == []
    drawn = page.locator("[data-picture] > svg, [data-picture] .chart-wrapper > svg").count()
    assert drawn == page.locator("[data-picture]").count() >= least


# each width and each colour scheme once or twice: what axe looks at seldom hangs on both
@pytest.mark.parametrize(
    ("width", "dark"), [(400, False), pytest.param(820, True, marks=pytest.mark.slow), (1280, True)]
)
def test_no_page_is_wider_than_its_window_and_axe_finds_nothing_serious(
    browser: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    for kind in ("shared-state", ""):
        page, _ = opened(browser, written(tmp_path, render_path(CLAIMS / kind).page), width, dark)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert serious_faults(page) == []
        page.close()


def fitted(folder: Path) -> Path:
    bursts = pd.DataFrame([burst_row(level, number) for number, level in enumerate([1, 2, 4] * 4)])
    ResultFolder(folder).write_document(fit_result(document(), bursts, NO_REPLICAS))
    bursts.to_parquet(folder / "bursts.parquet")
    runs = pd.DataFrame(
        {
            "run_id": ["a"],
            "cell_id": [document().cells[0].cell_id],
            "burst": [0],
            "job": ["io_bound"],
            "status": ["SUCCESS"],
            "created_epoch_seconds": [99.0],
            "starting_epoch_seconds": [99.5],
            "process_started_epoch_seconds": [100.0],
            "run_start_epoch_seconds": [101.0],
            "run_end_epoch_seconds": [110.0],
            "process_exited_epoch_seconds": [110.5],
        }
    )
    runs.to_parquet(folder / "runs.parquet")
    return folder


@pytest.mark.parametrize(("seconds", "per_hour"), [(45, 200), (600, 30), (5, 3000), (120, 12)])
def test_the_page_computes_what_size_does(
    browser: Browser, run: Run, tmp_path: Path, seconds: int, per_hour: int
) -> None:
    folder = fitted(tmp_path / "result")
    told = run(
        "size", str(folder), "--run-duration", f"{seconds}s", "--runs-per-hour", str(per_hour), "--force",
        "--format", "json",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    sized = json.loads(told.stdout)
    target = {
        one["name"]: next(need["total"] for need in one["needs"] if need["bound"] == "target")
        for one in sized["quantities"]
    }
    runs = next(one["total"] for one in sized["peaks"] if one["binds"])
    page, said = opened(browser, written(tmp_path, render_path(folder).page))
    page.fill("#size-duration", str(seconds))
    page.fill("#size-per-hour", str(per_hour))
    found = page.evaluate("window.sized")
    assert found["runs"] == runs
    assert found["memory_bytes"] == pytest.approx(target["memory"])
    assert found["cpu_cores"] == pytest.approx(target["cpu"])
    assert found["grpc_max_workers"] == target["grpc_max_workers"]
    assert f"{runs} runs at once" in page.inner_text("#sized")
    page.fill("#size-runs", str(runs))
    assert page.input_value("#size-duration") == ""
    assert page.evaluate("window.sized.memory_bytes") == pytest.approx(target["memory"])
    page.fill("#size-runs", "-3")
    assert "above 0" in page.inner_text("#sized")
    assert said == []


@pytest.mark.parametrize(("seconds", "written_out"), [(10, 9), (1, 0)])
def test_the_level_of_a_burst_is_written_where_its_band_has_room(
    browser: Browser, tmp_path: Path, seconds: int, written_out: int
) -> None:
    tables = whole_tables()
    drained = tables["bursts"]["released_epoch_seconds"] + seconds
    tables["bursts"] = tables["bursts"].assign(drained_epoch_seconds=drained)
    found = fit_result(document(), tables["bursts"], NO_REPLICAS)
    page, said = opened(browser, written(tmp_path, render_result(found, tables)), width=400)
    shown = """() => [...document.querySelectorAll("[data-picture$='-memory'] .mark-text.role-mark text")]
        .filter(one => /^[124]$/.test(one.textContent) && one.getAttribute("opacity") !== "0").length"""
    assert page.evaluate(shown) == written_out
    assert said == []


def test_the_data_of_a_picture_can_be_downloaded(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, written(tmp_path, render_path(fitted(tmp_path / "result")).page))
    with page.expect_download() as waiting:
        page.click("[data-download$='-counted']")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8"))))
    assert len(rows) == 2 * 12  # threads and processes of every burst
    assert {row["what"] for row in rows} == {"threads", "processes"}


def test_the_first_table_of_a_picture_is_what_it_draws(browser: Browser, tmp_path: Path) -> None:
    tables = whole_tables()
    found = fit_result(document(), tables["bursts"], NO_REPLICAS)
    page, _ = opened(browser, written(tmp_path, render_result(found, tables)))
    with page.expect_download() as waiting:
        page.click("[data-download$='-roles']")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8"))))
    assert {row["role"] for row in rows} == {"server", "run"}  # and not the bursts, which stand behind it


def test_names_that_are_html_are_not_run(browser: Browser, tmp_path: Path) -> None:
    folder = fitted(tmp_path / "result")
    document = ResultFolder(folder).read_document()
    cell = document.cells[0].model_copy(update={"workload": HOSTILE})
    ResultFolder(folder).write_document(document.model_copy(update={"name": HOSTILE, "cells": (cell,)}))
    page, said = opened(browser, written(tmp_path, render_path(folder).page))
    assert page.inner_text("h1") == HOSTILE
    assert page.locator("img").count() == 0
    page.hover("[data-picture$='-counted'] svg path")
    assert not page.title().startswith("run")
    assert said == []


def test_the_theme_can_be_switched_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    page, said = opened(browser, written(tmp_path, render_path(fitted(tmp_path / "result")).page))
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.focus("#theme")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert said == []


def test_a_size_is_a_page_too(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "size"
    ResultFolder(folder).write_text("sizing.json", sized().model_dump_json())
    page, said = opened(browser, written(tmp_path, render_path(folder).page))
    assert said == []
    assert page.locator("[data-picture] svg").count() >= 1


@pytest.mark.parametrize(("width", "dark"), [(400, True), (1280, False)])
def test_the_page_of_what_was_observed(browser: Browser, tmp_path: Path, width: int, dark: bool) -> None:
    folder = written_observed(tmp_path / "seen", made()).path
    page, said = opened(browser, written(tmp_path, render_path(folder).page), width, dark)
    assert said == []
    assert page.locator("[data-picture]").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious_faults(page) == []
    shown = page.locator("body").inner_text()
    assert "Memory, as it was read and as the live runs predict" in shown
    assert "bursts" not in shown


@pytest.mark.parametrize("dark", [False, True])
def test_on_paper_pictures_keep_the_size_of_their_words_and_nothing_is_cut_off(
    browser: Browser, tmp_path: Path, dark: bool
) -> None:
    page, _ = opened(browser, written(tmp_path, render_path(CLAIMS / "light").page), dark=dark)
    page.set_viewport_size({"width": 700, "height": 990})  # A4 between its margins
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scales = page.evaluate(
        "[...document.querySelectorAll('[data-picture] svg.marks')].map(one => "
        "one.getBoundingClientRect().width / Number(one.getAttribute('width')))"
    )
    assert len(scales) == page.locator("[data-picture]").count() > 5
    assert min(scales) > 0.9
    assert page.locator("details:not([open])").count() == 0
    for formula in page.locator(".formula > div").all():
        assert formula.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def test_on_a_phone_formulas_are_read_without_scrolling(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, written(tmp_path, render_path(CLAIMS / "light").page), width=390)
    for formula in page.locator(".formula").all():
        assert formula.evaluate("one => one.scrollWidth <= one.clientWidth")
