"""Bursts that end when, or are planned until, an interval is narrow enough; and where the time went."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.campaign.bench import measure, took
from harness.campaign.matrix import versions_of
from harness.errors import InputError, Interrupted
from harness.experiment.told import what_is_planned
from harness.report.text import design, time_table
from harness.results.folder import ResultFolder
from harness.results.stages import STAGES
from harness.scenario.model import FEWEST_FOR_WIDTH, Scenario
from harness.stack.registry import StackName
from harness.views.spent import seconds_by_stage
from tests.unit.scripted_campaign import Heard, means_of, scenario
from tests.unit.scripted_world import RUN_BYTES, Script, World

PROCESS = StackName.process


def wide(server: Any = None, **load: Any) -> Scenario:
    sections = {} if server is None else {"server": server}
    return scenario(**sections, load={"levels": [1, 2, 4], "repeats": 5, "width": "3%"} | load)


def test_bursts_end_when_the_interval_is_as_narrow_as_was_asked_for(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "result")
    measure(wide(), PROCESS, folder.path, False, means_of(World(), Heard()))
    cell = folder.read_document().cells[0]
    bursts = folder.table("bursts")
    levels = list(bursts.loc[bursts["phase"] == "measure", "level"])
    assert sorted(levels[:3]) == [1, 2, 4]
    assert len(levels) == FEWEST_FOR_WIDTH
    assert levels.count(2) == 1
    assert cell.width is not None
    assert (cell.width.stopped, cell.width.bursts, cell.width.most_bursts) == ("narrow enough", 8, 15)
    fitted = next(one for one in cell.constants if one.name == "memory_per_run_bytes")
    assert fitted.value is not None
    assert fitted.high is not None
    assert cell.width.reached == pytest.approx((fitted.high - fitted.value) / fitted.value)
    assert cell.planned_bursts == len(bursts)
    assert folder.read_document().validity.state == "valid"


def test_bursts_end_at_the_most_that_are_allowed_and_the_result_says_so(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "result")
    world = World(Script(uneven_bytes=RUN_BYTES))
    measure(wide(repeats=3), PROCESS, folder.path, False, means_of(world, Heard()))
    document = folder.read_document()
    told = document.cells[0].width
    assert told is not None
    assert (told.stopped, told.bursts) == ("most bursts", 9)
    assert told.reached is None or told.reached > told.asked
    assert [one.code for one in document.validity.reasons] == ["width-not-reached"]
    assert (
        "of at most 9 bursts, and no more are allowed: raise load.repeats"
        in design(document.scenario, document.cells[0])[0]
    )


def test_an_optimal_design_has_fewer_bursts_between_the_ends_and_says_so(tmp_path: Path) -> None:
    folder, heard = ResultFolder(tmp_path / "result"), Heard()
    planned = scenario(load={"levels": [1, 3, 5], "repeats": 3, "design": "optimal"})
    measure(planned, PROCESS, folder.path, False, means_of(World(), heard))
    document, bursts = folder.read_document(), folder.table("bursts")
    cell = document.cells[0]
    levels = Counter(bursts.loc[bursts["phase"] == "measure", "level"])
    assert levels[3] == 1
    assert levels[1] >= levels[5] >= 3
    assert sum(levels.values()) < 9
    assert cell.planned_bursts == len(bursts)
    assert document.validity.state == "valid"
    said = [one for one in heard.said if one.startswith(f"{sum(levels.values())} bursts tell as much")]
    assert said == [what_is_planned(levels, 3)]
    each = f"{levels[1]} at level 1, 1 at level 3, {levels[5]} at level 5."
    assert [line.endswith(each) for line in design(document.scenario, cell)] == [True]


def test_what_comes_after_all_bursts_comes_after_those_that_were_chosen(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "result")
    wanted = wide({"memory": "1GiB", "started_as": "code_server"}, reloads=2)
    measure(wanted, PROCESS, folder.path, False, means_of(World(), Heard()))
    phases = list(folder.table("bursts")["phase"])
    assert phases[-2:] == ["reload", "reload"]
    assert phases.count("measure") == FEWEST_FOR_WIDTH


def test_a_disturbed_burst_is_measured_again_before_another_is_chosen(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "result")
    world = World(Script(stolen_bursts=frozenset({3})))
    measure(wide(), PROCESS, folder.path, False, means_of(world, Heard()))
    bursts = folder.table("bursts").sort_values("burst")
    phases, levels = list(bursts["phase"]), list(bursts["level"])
    disturbed = phases.index("disturbed")
    assert levels[disturbed] in levels[disturbed + 1 : disturbed + 4]
    assert list(bursts["burst"]) == list(range(len(bursts)))
    assert phases.count("measure") == FEWEST_FOR_WIDTH


def test_a_width_is_reached_by_resume_too(tmp_path: Path) -> None:
    folder, wanted = ResultFolder(tmp_path / "result"), wide()
    with pytest.raises(Interrupted):
        measure(wanted, PROCESS, folder.path, False, means_of(World(Script(interrupted_burst=7)), Heard()))
    left = folder.read_document().cells[0].width
    assert left is not None
    assert left.stopped == ""
    measure(wanted, PROCESS, folder.path, True, means_of(World(), Heard()))
    document = folder.read_document()
    assert document.cells[0].width is not None
    assert document.cells[0].width.stopped == "narrow enough"
    assert len(folder.table("bursts")) == document.cells[0].planned_bursts


def test_versions_are_not_compared_by_bursts_that_each_chose_for_itself() -> None:
    with pytest.raises(InputError, match=r"load\.width.*--until-decided"):
        versions_of(wide(), "1.12.22,1.13.27")


def test_every_second_of_a_bench_is_told_by_its_stage(tmp_path: Path) -> None:
    folder, world = ResultFolder(tmp_path / "result"), World()
    before = world.clock.monotonic()
    measure(scenario(), PROCESS, folder.path, False, means_of(world, Heard()))
    document = folder.read_document()
    spent = seconds_by_stage(document)
    assert sum(spent.values()) == pytest.approx(world.clock.monotonic() - before)
    assert all(spent[stage] > 0 for stage in ("warm-up", "rest", "launch", "hold", "drain"))
    assert set(spent) <= set(STAGES)
    took(folder, {"pages": 2.5})
    assert seconds_by_stage(folder.read_document())["pages"] == 2.5
    told = seconds_by_stage(folder.read_document(), sum(spent.values()) + 4.0)
    assert told["other"] - spent.get("other", 0.0) == pytest.approx(1.5)
    assert time_table(folder.read_document())[1][-1][:2] == ("together", f"{sum(spent.values()) + 2.5:.1f}")
