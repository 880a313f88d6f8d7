"""Pages of results of which tables or columns are missing: they leave pictures out, and say why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from harness.cli.pages import render_path
from harness.report.pages.result_page import render_result
from harness.report.pictures.cell import cell_pictures, not_drawn
from harness.report.pictures.picture import Picture
from harness.results.folder import ResultFolder
from harness.results.result_document import ResultDocument
from harness.sizing.fitting import fit_result
from tests.unit.cli_support import ROOT
from tests.unit.pages_support import rows, shown, whole_tables
from tests.unit.results_sample import NO_REPLICAS, document

TABLES = whole_tables()
OF_TABLE = {
    "samples": {"memory", "cpu"},
    "processes": {"roles", "population"},
    "launches": {"launches"},
    "runs": {"runs"},
    "ticks": {"ticks"},
    "pings": {"pings", "told"},
}
"""The pictures that each table is needed for, by the last part of their names."""
ALWAYS = {"peaks", "measures", "throughput", "counted"}
"""Those of the bursts alone."""


@pytest.fixture(scope="module")
def fitted() -> ResultDocument:
    return fit_result(document(), TABLES["bursts"], NO_REPLICAS)


def drawn(found: ResultDocument, tables: dict[str, pd.DataFrame]) -> dict[str, Picture]:
    """All pictures by the last part of their names; each is whole enough to be drawn."""
    pictures = cell_pictures(found, found.cells[0], tables, 1)
    for one in pictures:
        assert one.specification()["datasets"]
        assert "nan" not in one.text
    return {one.name.rsplit("-", 1)[1]: one for one in pictures}


def test_of_whole_tables_every_picture_is_drawn_and_nothing_is_said_to_be_missing(
    fitted: ResultDocument,
) -> None:
    assert set(drawn(fitted, TABLES)) == ALWAYS.union(*OF_TABLE.values())
    assert not_drawn(fitted, TABLES) == ""


@pytest.mark.parametrize("table", list(OF_TABLE))
def test_without_a_table_its_pictures_are_left_out_by_name(fitted: ResultDocument, table: str) -> None:
    tables = {name: one for name, one in TABLES.items() if name != table}
    whole = drawn(fitted, TABLES)
    assert set(drawn(fitted, tables)) == set(whole) - OF_TABLE[table]
    for less in (tables, tables | {table: pd.DataFrame()}):
        told = not_drawn(fitted, less)
        for name in OF_TABLE[table]:
            assert whole[name].title.removesuffix(": io_bound") in told
        assert f"({table}.parquet is not in the folder)" in told


@pytest.mark.slow
@pytest.mark.parametrize("table", list(TABLES))
def test_no_column_is_needed_for_more_than_its_own_pictures(fitted: ResultDocument, table: str) -> None:
    for column in TABLES[table].columns:
        less = TABLES | {table: TABLES[table].drop(columns=column)}
        found = {one.name.rsplit("-", 1)[1] for one in cell_pictures(fitted, fitted.cells[0], less, 1)}
        missing = ALWAYS.union(*OF_TABLE.values()) - found
        if table != "bursts":
            assert missing <= OF_TABLE[table], column
        if missing:
            assert f"{table}.parquet has no {column}" in not_drawn(fitted, less), (column, missing)


@pytest.mark.parametrize(
    ("table", "column", "missing"),
    [
        ("bursts", "phase", ALWAYS.union(*OF_TABLE.values())),
        ("bursts", "memory_peak_bytes", {"peaks"}),
        ("bursts", "exec_window_seconds", {"throughput"}),
        ("bursts", "threads_peak", {"counted"}),
        ("samples", "cpu_seconds", {"cpu"}),
        ("samples", "burst", {"memory", "cpu"}),
        ("processes", "role", {"roles"}),
        ("processes", "threads", {"population"}),
        ("runs", "created_epoch_seconds", {"runs"}),
        ("launches", "intended_epoch_seconds", {"launches"}),
        ("ticks", "outcome", {"ticks"}),
        ("pings", "num_running_requests", {"told"}),
    ],
)
def test_a_picture_whose_column_is_missing_is_left_out(
    fitted: ResultDocument, table: str, column: str, missing: set[str]
) -> None:
    less = TABLES | {table: TABLES[table].drop(columns=column)}
    assert ALWAYS.union(*OF_TABLE.values()) - set(drawn(fitted, less)) == missing
    assert f"{table}.parquet has no {column}" in not_drawn(fitted, less)


def test_what_is_missing_of_a_picture_that_is_drawn_is_said_too(fitted: ResultDocument) -> None:
    less = TABLES | {"samples": TABLES["samples"].drop(columns=["periods", "oom_kills"])}
    found = drawn(fitted, less)
    assert "Throttling was not counted." in found["cpu"].text
    assert "OOM" not in found["memory"].text
    told = "Missing in what is drawn: samples.parquet has no periods and no oom_kills."
    assert told in shown(render_result(fitted, less))


def test_without_pss_memory_is_drawn_in_another_measure_and_said(fitted: ResultDocument) -> None:
    none = {"pss_peak_bytes": float("nan")}
    bursts = TABLES["bursts"].assign(**none)
    unmeasured = fit_result(document(), bursts, NO_REPLICAS)
    for gone, measure in ((["pss_bytes"], "USS"), (["pss_bytes", "uss_bytes"], "RSS")):
        processes = TABLES["processes"].assign(**dict.fromkeys(gone, float("nan")))
        found = drawn(unmeasured, TABLES | {"bursts": bursts, "processes": processes})
        assert f"in {measure}." in found["roles"].text
        assert "PSS is missing" in found["roles"].text
        assert f"sum of {measure}" in str(found["roles"].specification())
        assert "PSS is missing" in found["measures"].text
        assert {row["measure"] for row in rows(found["measures"])} == {
            "cgroup, without cache",
            "cgroup, with cache",
            "sum of RSS",
            "sum of USS",
        }
        assert "pss_peak_bytes" not in found["measures"].source


def test_results_that_never_fired_ticks_or_pings_miss_nothing() -> None:
    bursts = TABLES["bursts"].drop(columns=["ticks", "ticks_evaluated", "pings"])
    tables = {
        name: one for name, one in (TABLES | {"bursts": bursts}).items() if name not in ("ticks", "pings")
    }
    found = fit_result(document(), bursts, NO_REPLICAS)
    assert not_drawn(found, tables) == ""
    assert not {"ticks", "pings", "told"} & set(drawn(found, tables))


def test_a_result_without_bursts_says_so_where_it_was_measured(fitted: ResultDocument) -> None:
    assert "bursts.parquet is not in the folder" in shown(render_result(fitted, {}))
    assert not_drawn(document(), {}) == ""


def test_a_folder_without_its_large_tables_is_a_page(tmp_path: Path) -> None:
    """As `results/versions` holds them, and of a result whose levels are told by the page itself."""
    page = shown(render_path(ROOT / "results" / "versions" / "round-1-1.9.13").page)
    assert "Memory over time, CPU over time (samples.parquet is not in the folder)" in page
    folder = shutil.copytree(ROOT / "results" / "claims" / "oom-heavy", tmp_path / "result")
    ResultFolder(folder).write_document(
        ResultFolder(folder).read_document().model_copy(update={"cells": document().cells})
    )
    bursts = pd.read_parquet(folder / "bursts.parquet")
    cell = document().cells[0].cell_id
    older = bursts.assign(cell_id=cell).drop(columns=["usage_peak_bytes", "run_seconds", "saturated"])
    older.to_parquet(folder / "bursts.parquet")
    pd.read_parquet(folder / "replicas.parquet").drop(columns="oom_kills").to_parquet(
        folder / "replicas.parquet"
    )
    text = shown(render_path(folder).page)
    assert "bursts.parquet has no usage_peak_bytes" in text
    assert "Peak memory against runs at once" in text
