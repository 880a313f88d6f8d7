"""How many runs were live, against counting them one by one."""

import numpy as np
import pytest

from harness.model.live_runs import LiveRuns

EPOCH = 1_790_000_000.0


def some(seed: int) -> LiveRuns:
    chance = np.random.default_rng(seed)
    began = EPOCH + chance.uniform(0, 3600, 200)
    ended = began + chance.lognormal(4, 1, 200)
    ended[chance.integers(0, 200, 3)] = np.inf  # these go on
    return LiveRuns(began, ended)


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_counting_one_by_one(seed: int) -> None:
    runs = some(seed)
    instants = EPOCH + np.linspace(-100, 5000, 777)
    one_by_one = [((runs.began <= at) & (at < runs.ended)).sum() for at in instants]
    assert runs.at(instants).tolist() == one_by_one
    assert runs.ended_by(instants).tolist() == [(runs.ended <= at).sum() for at in instants]


@pytest.mark.parametrize("window", [15.0, 60.0, 300.0])
def test_a_mean_is_the_mean_of_what_was_live(window: float) -> None:
    runs = some(7)
    until = EPOCH + np.arange(30, 4000, 30.0)
    overlaps = np.minimum(runs.ended, until[:, None]) - np.maximum(runs.began, until[:, None] - window)
    expected = np.clip(overlaps, 0, None).sum(axis=1) / window
    assert runs.mean(until, window) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("window", [2.0, 60.0])
def test_a_pace_counts_each_run_once_over_its_own_length(window: float) -> None:
    runs = some(5)
    lengths = np.where(np.isfinite(runs.ended), runs.ended - runs.began, runs.mean_seconds)
    until = EPOCH + np.arange(30, 4000, 30.0)
    overlaps = np.minimum(runs.ended, until[:, None]) - np.maximum(runs.began, until[:, None] - window)
    expected = (np.clip(overlaps, 0, None) / lengths).sum(axis=1) / window
    assert runs.pace(until, window) == pytest.approx(expected, abs=1e-6)
    ended = LiveRuns(*(one[np.isfinite(runs.ended)] for one in (runs.began, runs.ended)))
    whole = np.array([ended.ended.max() + 1])
    assert ended.pace(whole, 1e5)[0] * 1e5 == pytest.approx(len(ended.began))


def test_a_run_without_length_has_no_pace() -> None:
    instant = LiveRuns(np.array([EPOCH]), np.array([EPOCH]))
    assert instant.pace(np.array([EPOCH + 1]), 2.0).tolist() == [0]


def test_ages_share_the_life_of_a_run_among_them() -> None:
    runs, instants = some(3), EPOCH + np.linspace(0, 4000, 500)
    bins = [runs.of_age(low, high) for low, high in ((0, 30), (30, 120), (120, np.inf))]
    assert np.sum([one.at(instants) for one in bins], axis=0).tolist() == runs.at(instants).tolist()
    assert bins[0].mean_seconds <= 30


def test_no_runs_are_never_live() -> None:
    none = LiveRuns(np.array([]), np.array([]))
    assert none.at(np.array([EPOCH])).tolist() == [0]
    assert none.mean(np.array([EPOCH]), 60).tolist() == [0]
    assert none.pace(np.array([EPOCH]), 60).tolist() == [0]
    assert np.isnan(none.mean_seconds)
