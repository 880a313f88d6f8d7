"""The page of a comparison, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.campaign.comparison import comparison_of
from harness.compare.verdicts import THRESHOLDS
from harness.report.pages.comparison_page import render_comparison_page
from harness.report.pictures.distributions import distribution_pictures
from harness.report.pictures.ratios import ratio_picture
from harness.report.pictures.versions import version_pictures
from harness.results.comparison_document import ComparisonDocument
from harness.sizing.shapes import MIB
from harness.views.compared import BURSTS, bursts_of, constant_of_versions, ratios_of
from tests.unit.pages_support import HOSTILE, MOST, assert_escaped, rows, shown
from tests.unit.results_sample import burst_row, cell_record, document
from tests.unit.test_compare import made

Compared = tuple[ComparisonDocument, dict[str, pd.DataFrame]]


def compared(folder: Path, repeats: int = 5, **of_second: Any) -> Compared:
    """Two made results side by side, and their bursts."""
    folders = [
        made(folder / "a", "1.11.16", 1, repeats=repeats),
        made(folder / "b", "1.13.27", 2, repeats=repeats, **of_second),
    ]
    comparison, subjects = comparison_of(folders, THRESHOLDS, force=False)
    bursts = {
        one.label: bursts_of(one.dagster_version, [(part.document, part.bursts) for part in one.rounds])
        for one in subjects
    }
    comparison = comparison.model_copy(update={"remarks": ("the kernels differ",)})
    return comparison, bursts


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return compared(tmp_path_factory.mktemp("changed"), memory=1.08, cpu=0.7)


def test_a_comparison_shows_costs_verdicts_and_what_else_differs(changed: Compared) -> None:
    comparison, bursts = changed
    page = render_comparison_page(comparison, bursts)
    text = shown(page)
    for words in (
        "1 regressed",
        "1 improved",
        "▲ regressed +8.",
        "▼ improved -",
        "1.11.16 (baseline)",
        "the kernels differ",
        "Not only Dagster differs: dagster, grpcio",
    ):
        assert words in text, words
    figure = next(
        one for one in comparison.differences if one.constant == "memory_per_run_bytes"
    ).other_figure
    assert figure is not None
    assert f"{figure.value / MIB:,.1f} MiB" in text
    assert f"{figure.low / MIB:,.1f} to {figure.high / MIB:,.1f} MiB, {figure.bursts} bursts" in text
    assert text.index("What a run costs in each version") < text.index("Regressed or improved")
    assert len(page.encode()) < MOST


def test_warnings_of_a_comparison_come_first(changed: Compared) -> None:
    forced = changed[0].model_copy(update={"forced": True, "warnings": ("a is invalid",)})
    text = shown(render_comparison_page(forced, None))
    assert text.index("a is invalid") < text.index("1 regressed")
    assert "compared with --force" in text


def test_constants_by_version_are_drawn_with_intervals_and_verdicts(changed: Compared) -> None:
    comparison, _ = changed
    pictures = {one.title: one for one in version_pictures(comparison, "io_bound", 1)}
    picture = pictures["io_bound: memory per run"]
    first, second = rows(picture)
    figure = next(
        one for one in comparison.differences if one.constant == "memory_per_run_bytes"
    ).other_figure
    assert figure is not None
    assert (first["version"], first["verdict"]) == ("1.11.16", "baseline")
    assert second["verdict"] == "regressed"
    assert second["value"] == pytest.approx(figure.value / MIB, rel=1e-5)
    assert second["low"] < second["value"] < second["high"]
    assert first["most"] == pytest.approx(first["value"] * 1.03, rel=1e-5)
    assert "comparison.json" in picture.source
    assert "regressed" in picture.text


def test_ratios_are_drawn_with_their_thresholds(changed: Compared) -> None:
    picture = ratio_picture(changed[0], "io_bound", 1)
    assert picture is not None
    found = {row["constant"]: row for row in rows(picture) if "constant" in row}
    memory = found["memory_per_run_bytes"]
    assert memory["ratio"] == pytest.approx(1.08, abs=0.01)
    assert (memory["verdict"], memory["most"]) == ("regressed", pytest.approx(1.03))
    assert (memory["grey_from"], memory["grey_to"]) == (memory["least"], memory["most"])
    assert found["cpu_seconds_per_run"]["most"] == pytest.approx(1.1)
    assert len(found) == len(changed[0].differences)
    idle = found["base_cpu_cores"]  # of which 0.02 cores are negligible, which is many times what it is
    assert idle["most"] > 1.5
    assert idle["grey_to"] <= max(row["high"] for row in found.values())
    assert "memory per run: 1.08" in picture.text
    assert '"log"' in str(picture.specification()).replace("'", '"')


def test_every_measured_burst_is_drawn(changed: Compared) -> None:
    comparison, bursts = changed
    memory, cpu = distribution_pictures(bursts, "io_bound", 1)
    points = [row for row in rows(memory) if "memory_peak_mib" in row]
    assert len(points) == 40
    raw = bursts["1.13.27"]
    expected = sorted(raw["memory_peak_bytes"] / MIB)
    assert sorted(row["memory_peak_mib"] for row in points if row["version"] == "1.13.27") == pytest.approx(
        expected, rel=1e-5
    )
    medians = {(row["version"], row["level"]): row["median"] for row in rows(cpu) if "median" in row}
    assert [level for _, level in medians] == [1, 1, 2, 2, 4, 4, 6, 6]
    assert medians["1.11.16", 6] == pytest.approx(2.0, rel=0.05)
    assert medians["1.13.27", 6] == pytest.approx(1.4, rel=0.05)
    assert "40 measured bursts" in memory.source
    cost = next(one for one in comparison.differences if one.constant == "cpu_seconds_per_run")
    assert cost.other_figure is not None
    assert raw["cpu_seconds_each"].mean() == pytest.approx(cost.other_figure.value)


def test_without_bursts_their_pictures_are_left_out(changed: Compared) -> None:
    comparison, bursts = changed
    assert "Single bursts" in shown(render_comparison_page(comparison, bursts))
    assert "Single bursts" not in shown(render_comparison_page(comparison, None))
    assert distribution_pictures(bursts, "other", 1) == ()


def test_a_comparison_without_any_ratio_says_why(tmp_path: Path) -> None:
    comparison, _ = compared(tmp_path)
    why = "too few bursts: 2, at least 3 are needed"
    bare = {"baseline_figure": None, "other_figure": None, "ratio": None, "p_value": None}
    none = tuple(
        one.model_copy(update=bare | {"p_value_corrected": None, "verdict": "inconclusive", "why": why})
        for one in comparison.differences
    )
    empty = comparison.model_copy(update={"differences": none})
    page = render_comparison_page(empty, {})
    text = shown(page)
    assert f"{len(none)} inconclusive" in text
    assert "? open: there were too few bursts" in text
    assert page.count('title="open"') == 4
    assert why in text
    assert "Nothing changed by more than its threshold" in text
    assert ratio_picture(empty, "io_bound", 1) is None
    assert version_pictures(empty, "io_bound", 1) == ()
    nothing = comparison.model_copy(update={"differences": ()})
    assert "Nothing was measured in both" in shown(render_comparison_page(nothing, None))


def test_hostile_names_in_a_comparison_are_shown_and_not_run(changed: Compared) -> None:
    comparison, bursts = changed
    label = {"label": HOSTILE}
    hostile = comparison.model_copy(
        update={
            "others": tuple(one.model_copy(update=label) for one in comparison.others),
            "differences": tuple(
                one.model_copy(update={"other": HOSTILE, "workload": HOSTILE})
                for one in comparison.differences
            ),
            "remarks": (HOSTILE,),
            "warnings": (HOSTILE,),
        }
    )
    named = {
        "1.11.16": bursts["1.11.16"].assign(workload=HOSTILE),
        HOSTILE: bursts["1.13.27"].assign(workload=HOSTILE),
    }
    assert_escaped(render_comparison_page(hostile, named))


def test_bursts_are_told_as_the_comparison_names_them() -> None:
    small, large = (
        cell_record(cell_id=f"io_bound-1.13.27-{cpus}cpu", cpus=cpus, workload="io_bound") for cpus in (1, 2)
    )
    table = pd.DataFrame(
        [
            burst_row(2, 0, cell_id=small.cell_id),
            burst_row(2, 3, cell_id=small.cell_id),
            burst_row(2, 1, cell_id=small.cell_id, phase="warmup"),
            burst_row(2, 2, cell_id=small.cell_id, drained=False),
            burst_row(4, 3, cell_id=large.cell_id, runs_succeeded=0, runs_failed=0),
        ]
    )
    found = bursts_of("1.13.27", [(document(cells=(small, large)), table)] * 2)
    assert list(found.columns) == BURSTS
    assert list(found["workload"]) == ["io_bound-1cpu"] * 4 + ["io_bound-2cpu"] * 2
    assert list(found["round"]) == [1, 1, 2, 2, 1, 2]
    # each run took 1.5 CPU-seconds beyond what the idle server did in the window
    assert list(found["cpu_seconds_each"][:4]) == pytest.approx([1.5] * 4)
    assert found[found["level"] == 4]["cpu_seconds_each"].isna().all()
    assert bursts_of("1.9.0", [(document(cells=(small,)), table)]).empty


def test_bursts_of_ticks_are_told_as_such() -> None:
    ticks = {"launches": 0, "ticks": 3, "ticks_evaluated": 3, "tick_concurrency_peak": 2}
    of_ticks = ticks | {"tick_span_seconds": 1.0, "runs_succeeded": 0}
    table = pd.DataFrame([burst_row(3, 3 * number, **of_ticks) for number in range(3)])
    found = bursts_of("1.13.27", [(document(), table)])
    assert set(found["each"]) == {"tick"}
    assert set(found["concurrency_peak"]) == {2}
    assert list(found["cpu_seconds_each"]) == pytest.approx([1.5] * 3)


def test_views_of_a_constant_that_is_nowhere_are_empty(changed: Compared) -> None:
    assert constant_of_versions(changed[0], "io_bound", "other").empty
    assert ratios_of(changed[0], "other").empty
