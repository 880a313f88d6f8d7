"""The highest level as the levels below it predict it."""

import pandas as pd
import pytest

from harness.report.pictures.burst_pictures import peaks_picture
from harness.sizing.fitting import fit_result
from harness.views.held_out import held_out
from tests.unit.pages_support import rows
from tests.unit.results_sample import NO_REPLICAS, burst_row, document


def points(levels: list[int], beyond: float = 0.0) -> pd.DataFrame:
    """110 MiB and 100 for each run, give or take one; the highest level `beyond` MiB more."""
    made = pd.DataFrame({"level": levels, "at_once": [float(level) for level in levels]})
    memory = 110 + 100 * made["at_once"] + [(-1.0) ** number for number in range(len(levels))]
    return made.assign(memory_mib=memory + beyond * (made["level"] == made["level"].max()))


@pytest.mark.parametrize(("beyond", "inside"), [(0.0, True), (60.0, False)])
def test_it_is_predicted_from_the_others_alone(beyond: float, inside: bool) -> None:
    found = held_out(points([1, 2, 4, 8] * 4, beyond), seed=1)
    assert found is not None
    assert found.predicted == pytest.approx(910, abs=3)
    assert found.seen == pytest.approx(910 + beyond, abs=1)
    assert (found.at_once, found.bursts) == (8, 4)
    assert (found.low < found.seen < found.high) is inside
    assert found.off == pytest.approx(beyond / 910, abs=0.005)


@pytest.mark.parametrize("levels", [[1, 8] * 5, [1, 2, 8] * 2, [3] * 9])
def test_too_few_levels_or_bursts_predict_nothing(levels: list[int]) -> None:
    assert held_out(points(levels), seed=1) is None


def test_the_picture_marks_it_and_says_how_far_off_it_was() -> None:
    bursts = pd.DataFrame([burst_row(level, number) for number, level in enumerate([1, 2, 4, 6] * 4)])
    [cell] = fit_result(document(), bursts, NO_REPLICAS).cells
    picture = peaks_picture(cell, bursts, seed=1)
    assert picture is not None
    assert "6 at once as the levels below predict it" in picture.text
    assert "(4 bursts)" in picture.text
    # the mark is a row of its own: the one with a band that is not part of the drawn line
    [mark] = [row for row in rows(picture) if "low" in row and "extrapolated" not in row]
    assert mark["at_once"] == 6
    assert mark["low"] < mark["memory_mib"] < mark["high"]
