"""The local server in a real browser: results are listed, filtered, compared, and looked at live."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser_support import open_page, serious_faults
from tests.integration.bench_support import ONE_WARM_UP, QUICK, document, end_all, start, traces
from tests.unit.serve_support import served, write_made

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=document.title='run'>"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("results")
    shutil.copytree(ROOT / "results" / "claims", root / "claims")
    write_made(root, "old", "1.9.13")
    write_made(root, "new", "1.13.27")
    write_made(root, "hostile", "1.12.22", HOSTILE)
    with served(root) as found:
        yield found


def names(page: Page) -> set[str]:
    return set(page.locator(".listing tbody th").all_inner_texts())


def test_results_are_listed_filtered_opened_and_compared(browser: Browser, address: str) -> None:
    page, said = open_page(browser, address, address)
    assert names(page) == {"old", "new", "hostile", "claims"}
    page.select_option("#filter-version", "1.9.13")  # a choice is shown without a click more
    expect(page.locator(".listing tbody tr")).to_have_count(1)
    assert names(page) == {"old"}
    page.click("text=Show all")
    page.select_option("#filter-workload", HOSTILE)
    expect(page.locator(".listing tbody tr")).to_have_count(1)
    assert names(page) == {"hostile"}
    assert page.locator("img").count() == 0
    page.click("text=Show all")
    page.check("input[name=parts]")
    expect(page.locator(".listing tbody th", has_text="claims/cap-steps")).to_have_count(1)
    page.select_option("#filter-validity", "invalid")
    expect(page.locator(".listing .badge.good")).to_have_count(0)
    assert "claims/cap-steps" in names(page)
    page.click("text=Show all")
    assert page.is_disabled("#compare")
    page.check("[value=new]")
    assert page.is_disabled("#compare")
    page.check("[value=old]")
    page.click("#compare")
    expect(page.locator("h1")).to_contain_text("against Dagster 1.9.13")
    page.evaluate("window.drawAll()")
    expect(page.locator("[data-picture] svg").first).to_be_visible()
    page.go_back()
    page.click("text=hostile")
    expect(page.locator("h1")).to_have_text("hostile")
    assert not page.title().startswith("run")
    assert said == []


@pytest.mark.parametrize("width", [400, 820, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_list_fits_and_axe_finds_nothing_serious(
    browser: Browser, address: str, width: int, dark: bool
) -> None:
    page, _ = open_page(browser, address, address, width, dark)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious_faults(page) == []
    page.close()


@pytest.mark.integration
@pytest.mark.smoke
@pytest.mark.skipif(os.geteuid() != 0, reason="a memory limit takes root here")
def test_a_running_bench_is_looked_at_until_its_end(browser: Browser, tmp_path: Path) -> None:
    root, state = tmp_path / "results", tmp_path / "state"
    root.mkdir()
    few = ["workloads=[{workload: io_bound}]", "load.levels=[1,2]", "load.repeats=2", ONE_WARM_UP]
    options = [part for one in few for part in ("--set", one)]
    with served(root) as address:
        process = start("bench", str(QUICK), *options, "--out", str(root / "now"), state=state)
        try:
            page, said = open_page(browser, address, address)
            while page.locator(".listing .badge", has_text="running").count() == 0:
                assert process.poll() is None, "it ended before it was listed"
                page.wait_for_timeout(200)
                page.reload()
            page.click("text=now")
            expect(page.locator("#live-cell")).to_contain_text("cell 1 of 1: io_bound", timeout=60_000)
            expect(page.locator("#live-count")).to_contain_text("of 4", timeout=120_000)
            expect(page.locator("[data-picture]")).to_have_count(3)  # from the first reading on
            page.wait_for_function("window.drawAll")
            page.evaluate("window.drawAll()")
            # what is drawn is what the server has: memory, and a run that is a process
            page.wait_for_function(
                "window.pictures.get('live-runs')?.view.data('readings').some(row => row.runs > 0)",
                timeout=120_000,
            )
            rows = page.evaluate("window.pictures.get('live-memory').view.data('readings')")
            assert max(row["memory_mib"] for row in rows) > 100
            assert {row["replica"] for row in rows} == {"server"}
            assert len(page.locator("#live-bursts li").all_inner_texts()) >= 1
            assert serious_faults(page) == []
            expect(page.locator("#ended a")).to_be_visible(timeout=240_000)
            output, _ = process.communicate(timeout=60)
            assert process.returncode in (0, 4), output  # 4: a shared machine took CPU from it
            page.click("#ended a")
            expect(page.locator("h1")).to_have_text("now")
            assert said == []
            assert not (root / "now" / "live.json").exists()
            assert document(root / "now").finished_at
            assert traces(state) == []
        finally:
            end_all()
