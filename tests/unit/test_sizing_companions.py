"""What the webserver and the daemon need, from constants and a peak; and what is said if they are unknown."""

from dataclasses import replace

import pytest

from harness.report.sizing_text import beside
from harness.results.result_document import ConstantRecord, ResultDocument
from harness.sizing.companions import NAMES, companion_records, companions_of
from tests.unit.results_sample import CELL, cell_record, document
from tests.unit.sizing_made import costs, sizing

MIB = 2**20
VALUES = (200.0 * MIB, 2.0 * MIB, 0.03, 0.1)


def constant(name: str, value: float | None) -> ConstantRecord:
    high = None if value is None else 1.1 * value
    return ConstantRecord(
        name=name, unit="", meaning="", source="", value=value, low=value, high=high, bursts=12
    )


def measured(*companions: str, factor: float = 1.0) -> ResultDocument:
    constants = [
        constant(f"{companion}_{name}", factor * value)
        for companion in companions
        for name, value in zip(NAMES, VALUES, strict=True)
    ]
    return document(cells=(cell_record(constants=tuple(constants)),))


def test_they_are_sized_for_the_peak_at_the_upper_ends() -> None:
    found = companions_of(measured("webserver", "daemon"), [replace(costs(), cell_id=CELL)])
    assert [one.name for one in found] == ["webserver", "daemon"]
    web, _ = companion_records(found, 20, 0.5, 0.0, 10.0, 0.05)
    assert web.memory_bytes == pytest.approx(1.05 * 1.1 * (200 + 20 * 2) * MIB)
    assert web.cpus == pytest.approx(1.1 * (0.03 + 20 / 10 * 0.1))
    often, _ = companion_records(found, 20, 5.0, 0.0, 10.0, 0.05)
    assert often.cpus == pytest.approx(1.1 * (0.03 + 5 * 0.1))


def test_ticks_take_memory_once_and_cpu_each_where_they_were_measured() -> None:
    only = [replace(costs(), cell_id=CELL)]
    cell = measured("webserver", "daemon").cells[0]
    ticks = (
        constant("daemon_ticking_memory_bytes", 10.0 * MIB),
        constant("daemon_cpu_seconds_per_tick", 0.2),
    )
    whole = document(cells=(cell.model_copy(update={"constants": (*cell.constants, *ticks)}),))
    demand = (20, 0.5, 3.0, 10.0, 0.0)
    web, daemon = companion_records(companions_of(whole, only), *demand)
    assert (web.ticks_measured, daemon.ticks_measured) == (False, True)
    assert daemon.memory_bytes == pytest.approx(1.1 * (200 + 20 * 2 + 10) * MIB)
    assert daemon.cpus == pytest.approx(1.1 * (0.03 + 20 / 10 * 0.1 + 3.0 * 0.2))
    silent = companion_records(companions_of(whole, only), 20, 0.5, 0.0, 10.0, 0.0)[1]
    assert silent.memory_bytes == pytest.approx(web.memory_bytes)
    without = companion_records(companions_of(measured("webserver", "daemon"), only), *demand)
    assert "load.ticking" in beside(sizing().model_copy(update={"companions": without}))[1]
    with_ticks = beside(sizing().model_copy(update={"companions": (web, daemon)}))
    assert len(with_ticks) == 1


def test_those_that_were_not_measured_whole_are_left_out_and_said_to_be() -> None:
    only = [replace(costs(), cell_id=CELL)]
    assert companions_of(measured(), only) == ()
    assert companions_of(measured("webserver"), [costs("other")]) == ()
    cell = measured("webserver").cells[0]
    lacking = cell.model_copy(
        update={"constants": (*cell.constants[:3], constant("webserver_cpu_seconds_per_launch", None))}
    )
    assert companions_of(document(cells=(lacking,)), only) == ()
    found = companion_records(companions_of(measured("webserver"), only), 10, 0.1, 0.0, 10.0, 0.0)
    assert beside(sizing().model_copy(update={"companions": found})) == [
        "needed beside the code server: webserver 242.0 MiB, 0.14 CPUs",
        "what the daemon needs was not measured (with dagster.coordinator: queued it is)",
    ]
    [unknown] = beside(sizing())
    assert "sampling.companions_hz" in unknown
