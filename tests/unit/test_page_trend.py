"""The page of a trend, without a browser."""

from __future__ import annotations

import numpy as np

from harness.compare.trend_series import series_of
from harness.compare.verdicts import THRESHOLDS
from harness.report.pages.trend_page import render_trend_page
from harness.report.pictures.trend_pictures import series_picture
from harness.results.trend_document import SeriesRecord
from harness.sizing.shapes import MIB
from harness.views.trend_points import steps_of
from tests.unit.pages_support import HOSTILE, MOST, assert_escaped, rows, shown
from tests.unit.test_trend import nights


def stepped() -> list[SeriesRecord]:
    return series_of(nights(np.array([100.0 * MIB] * 10 + [108.0 * MIB] * 10)), THRESHOLDS)


def test_a_trend_shows_each_step_with_its_size() -> None:
    page = render_trend_page(stepped())
    text = shown(page)
    for words in ("1 step up", "0 steps down", "2026-01-11", "▲ +8.0%", "100.0 MiB", "108.0 MiB", "11 of 20"):
        assert words in text, words
    assert len(page.encode()) < MOST


def test_points_and_steps_of_a_trend_are_drawn() -> None:
    picture = series_picture(stepped(), 1)
    points = [row for row in rows(picture) if "value" in row]
    assert [row["value"] for row in points] == [100.0] * 10 + [108.0] * 10
    [step] = [row for row in rows(picture) if "told" in row]
    assert (step["told"], step["before"], step["middle"], step["after"]) == ("+8%", 100.0, 104.0, 108.0)
    assert step["at"] == points[10]["at"]
    assert step["until"] == points[-1]["at"]
    assert "stepped +8% on 2026-01-11" in picture.text


def test_a_level_ends_where_the_next_step_is() -> None:
    series = series_of(nights(np.array([100.0] * 8 + [120.0] * 8 + [90.0] * 8)), THRESHOLDS)
    found = steps_of(series)
    assert list(found["until"]) == [series[0].at[16], series[0].at[-1]]
    assert list(found["told"]) == ["+20%", "-25%"]


def test_versions_share_a_picture_and_machines_do_not() -> None:
    one = stepped()[0]
    other = one.model_copy(update={"dagster_version": "1.9.0"})
    elsewhere = one.model_copy(update={"machine": "elsewhere"})
    page = render_trend_page([one, other, elsewhere])
    assert page.count("data-picture=") == 2
    assert "machine elsewhere" in shown(page)


def test_a_trend_of_one_point_is_a_page() -> None:
    series = series_of(nights(np.array([100.0 * MIB])), THRESHOLDS)
    text = shown(render_trend_page(series))
    assert "1 result from" in text
    assert "too few to find steps" in text
    assert "Nothing stepped by more than its threshold" in text
    assert [row["value"] for row in rows(series_picture(series, 1))] == [100.0]
    assert "no result in this trend yet" in shown(render_trend_page([]))


def test_hostile_names_in_a_trend_are_shown_and_not_run() -> None:
    hostile = [one.model_copy(update={"workload": HOSTILE, "dagster_version": HOSTILE}) for one in stepped()]
    assert_escaped(render_trend_page(hostile))
