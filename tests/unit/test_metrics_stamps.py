"""Whose stamps readings have: cAdvisor's own, or those of scrapes."""

from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.source import Readings, Stamp
from harness.metrics.stamps import Stamped, median_interval, stamp_of

EPOCH = 1.76e9
COUNT = 400


def scrapes(jitter: float = 0.0, every: float = 30.0, seed: int = 1) -> np.ndarray:
    """Stamps of scrapes that came so late at times."""
    late = np.random.default_rng(seed).uniform(0, jitter, COUNT)
    return np.round(EPOCH + every * np.arange(COUNT) + late, 3)


def own(seed: int, every: float = 30.0) -> np.ndarray:
    """Stamps of cAdvisor's."""
    return scrapes(every / 3, every, seed)


def test_stamps_that_differ_from_those_of_the_start_are_own() -> None:
    assert stamp_of([Stamped("n", own(1), scrapes()), Stamped("n", own(2), scrapes())]) == "measured"


@pytest.mark.parametrize("jitter", [0.0, 0.002, 0.3])
def test_stamps_that_all_metrics_share_are_of_scrapes(jitter: float) -> None:
    at = scrapes(jitter)
    assert stamp_of([Stamped("n", at, at)]) == "scraped"


def test_stamps_that_all_metrics_share_but_at_no_distance_that_scrapes_have_are_own() -> None:
    at = own(1)
    assert stamp_of([Stamped("n", at, at)]) == "measured"


@pytest.mark.parametrize(
    ("memory", "stamp"), [(scrapes(), "scraped"), (scrapes(0.0019), "scraped"), (own(1), "measured")]
)
def test_without_a_start_the_grid_tells(memory: np.ndarray, stamp: Stamp) -> None:
    assert stamp_of([Stamped("n", memory, None)]) == stamp


def test_a_grid_with_gaps_is_one() -> None:
    at = np.delete(scrapes(), slice(50, 90))
    assert stamp_of([Stamped("n", at, None)]) == "scraped"


def test_the_same_late_stamps_of_two_containers_are_of_scrapes() -> None:
    late = scrapes(2.0)
    assert stamp_of([Stamped("n", late, None), Stamped("n", late[100:], None)]) == "scraped"
    assert stamp_of([Stamped("n", late, None), Stamped("m", late, None)]) == "measured"


def test_what_lingers_after_the_start_is_forgotten_does_not_count() -> None:
    assert stamp_of([Stamped("n", scrapes(), scrapes()[:200])]) == "scraped"


def test_few_readings_promise_nothing() -> None:
    assert stamp_of([Stamped("n", own(1)[:3], None)]) == "scraped"
    assert stamp_of([]) == "scraped"


def test_the_interval_is_the_median_distance() -> None:
    at = np.array([0.0, 30, 60, 3000, 3030])
    assert median_interval([Readings(at, at), Readings(at[:1], at[:1])]) == 30
    assert np.isnan(median_interval([Readings(at[:1], at[:1])]))
