"""Each second of an experiment belongs to one stage."""

from harness.experiment.stopwatch import Stopwatch
from tests.unit.scripted_world import ScriptedClock


def test_a_stage_within_another_is_no_part_of_it() -> None:
    clock = ScriptedClock()
    watch = Stopwatch(clock, "start")
    clock.sleep(1.0)
    watch.now("other")
    with watch.at("hold"):
        clock.sleep(2.0)
        with watch.at("drain"):
            clock.sleep(4.0)
        clock.sleep(8.0)
    clock.sleep(16.0)
    assert watch.spent() == {"start": 1.0, "hold": 10.0, "drain": 4.0, "other": 16.0}


def test_a_warm_up_is_one_stage_whatever_is_within_it() -> None:
    clock = ScriptedClock()
    watch = Stopwatch(clock, "other")
    with watch.at("warm-up", whole=True), watch.at("rest"):
        clock.sleep(3.0)
    with watch.at("rest"):
        clock.sleep(5.0)
    assert watch.spent() == {"warm-up": 3.0, "rest": 5.0, "other": 0.0}


def test_what_a_stack_tells_of_its_start_is_taken_out_of_it() -> None:
    clock = ScriptedClock()
    watch = Stopwatch(clock, "start")
    clock.sleep(10.0)
    watch.apart({"imports": 6.0, "environment": 1.0})
    clock.sleep(2.0)
    assert watch.spent() == {"environment": 1.0, "imports": 6.0, "start": 5.0}
