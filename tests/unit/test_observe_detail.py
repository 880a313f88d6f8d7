"""When PSS and USS are read, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from harness.observe.detail import AT_REST, BESIDE_CHECK, Detail

MIB = 2**20
WALK = 0.5
COST = 0.02


def read_at(levels: Iterable[float | None], detail: Detail | None = None, check: bool = False) -> list[int]:
    """The numbers of the walks that read them, where memory is at `levels` MiB, walk after walk."""
    detail = detail or Detail()
    found = []
    for number, mib in enumerate(levels):
        level = None if mib is None else int(mib * MIB)
        if detail.due(number * WALK, level, check):
            detail.took(number * WALK, COST, level)
            found.append(number)
    return found


def test_at_rest_they_take_their_share_of_a_core() -> None:
    walks = 400
    every = COST / AT_REST / WALK
    assert read_at([100] * walks) == [round(every * n) for n in range(int(walks / every))]


def test_beside_a_health_check_they_are_read_more_often() -> None:
    assert read_at([100] * 20, check=True) == list(range(20))
    assert WALK >= COST / BESIDE_CHECK


def test_on_the_way_up_they_are_read_every_five_percent() -> None:
    up = [100 * 1.03**n for n in range(60)]
    found = read_at(up)
    heights = [up[n] for n in found]
    assert all(1.05 <= later / former < 1.10 for former, later in pairwise(heights))


@pytest.mark.parametrize("growth", [1.021, 1.05, 1.3])
def test_however_fast_memory_grows_what_they_cost_on_the_way_up_is_bounded(growth: float) -> None:
    up = [100 * growth**n for n in range(80)]
    heights = [up[n] for n in read_at(up)]
    assert sum(heights) / heights[-1] <= 21.1


def test_the_turn_is_read_although_the_last_step_was_not_full() -> None:
    assert 3 in read_at([100, 200, 204.5, 204.5, 100, 50])
    assert 3 in read_at([100, 200, 209, 207, 100, 50])


def test_going_down_and_lesser_heights_read_nothing() -> None:
    assert read_at([100, 200, 150, 100, 190, 100, 199]) == [0, 1]


def test_after_the_watermark_was_reset_lesser_heights_count() -> None:
    detail = Detail()
    assert read_at([100, 200, 100], detail) == [0, 1]
    detail.restart()
    assert detail.due(1.5, 100 * MIB, check=False)


def test_without_a_level_only_the_share_decides() -> None:
    assert read_at([None] * 30) == [0]
    assert read_at([None] * 5, Detail(float("inf"))) == [0, 1, 2, 3, 4]
