import time

import pytest

from harness.load.steady_clock import SteadyClock


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_clock_that_is_set_moves_nothing_of_a_burst(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    clock, told = SteadyClock(), time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: told() + step)
    assert 0 <= clock.now() - before < 60
    assert abs(SteadyClock().now() - before - step) < 60  # the next burst begins by the clock as it is then
