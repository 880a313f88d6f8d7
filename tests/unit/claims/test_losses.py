"""What counts as lost with a code server."""

from harness.claims.losses import server_losses
from tests.unit.claims.losses_made import LOST_AT, loss_burst, runs_at_loss
from tests.unit.claims.made import measured


def test_runs_in_flight_are_told_from_those_that_had_ended() -> None:
    made = measured({"bursts": loss_burst(3), "runs": runs_at_loss(3, lost=2, kept=1, age=7.0, over=4)})
    [loss] = server_losses(made)
    assert (loss.in_flight, loss.lost, loss.lost_run_seconds) == (3, 2, 14.0)
    assert (loss.cause, loss.stuck, loss.back_after_seconds) == ("oom", 4, 2.0)


def test_a_run_that_never_started_its_work_loses_no_time_but_is_lost() -> None:
    runs = [row | {"run_start_epoch_seconds": float("nan")} for row in runs_at_loss(0, lost=2)]
    [loss] = server_losses(measured({"bursts": loss_burst(0), "runs": runs}))
    assert (loss.lost, loss.lost_run_seconds) == (2, 0.0)


def test_runs_of_other_bursts_and_later_runs_are_no_part_of_it() -> None:
    later = [row | {"process_started_epoch_seconds": LOST_AT + 1} for row in runs_at_loss(0, lost=3)]
    made = measured({"bursts": loss_burst(0), "runs": later + runs_at_loss(1, lost=2)})
    assert [(loss.in_flight, loss.lost) for loss in server_losses(made)] == [(0, 0)]


def test_bursts_without_a_loss_are_left_out() -> None:
    whole = loss_burst(0, lost_at_epoch_seconds=float("nan"), lost_cause="")
    assert server_losses(measured({"bursts": whole, "runs": []})) == []
    assert server_losses(measured({})) == []
