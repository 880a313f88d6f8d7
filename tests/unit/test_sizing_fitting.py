import numpy as np
import pandas as pd
import pytest

from harness.errors import InvalidResultError
from harness.results.result_document import ImportRecord, Reason, StartRecord, Validity
from harness.sizing.fitting import fit_result, level_records
from tests.unit.results_sample import CELL, NO_REPLICAS, burst_row, bursts, cell_record, document

MIB = 2**20
EXPECTED = {
    "base_memory_bytes": 201e6,
    "memory_per_run_bytes": 100e6,
    "base_cpu_cores": 0.021,
    "cpu_seconds_per_run": 1.5,
    "cpu_cores_per_run": 0.1,
    "launch_seconds_per_run": 0.7,
    "threads_per_run": 7.0,
    "processes_per_run": 5.0,
    "open_files_per_run": 18.0,
}


def test_all_constants_of_the_design_are_recovered() -> None:
    constants = {c.name: c for c in fit_result(document(), bursts(), NO_REPLICAS).cells[0].constants}
    assert set(constants) == {*EXPECTED, "leak_bytes_per_run"}
    for name, expected in EXPECTED.items():
        constant = constants[name]
        assert constant.value == pytest.approx(expected, rel=0.05), name
        assert constant.value is not None
        assert constant.low is not None
        assert constant.high is not None
        assert constant.low <= constant.value <= constant.high


def test_warm_up_and_undrained_bursts_do_not_count() -> None:
    spoiled = pd.concat(
        [
            bursts(),
            pd.DataFrame([burst_row(6, 90, phase="warmup", memory_peak_bytes=9e9)]),
            pd.DataFrame([burst_row(6, 91, drained=False, memory_peak_bytes=9e9)]),
        ]
    )
    assert fit_result(document(), spoiled, NO_REPLICAS) == fit_result(document(), bursts(), NO_REPLICAS)


def test_a_result_that_is_not_valid_is_fitted_only_by_force() -> None:
    reason = Reason(severity="invalid", code="oom-kill", message="killed at the limit")
    bad = document(validity=Validity(state="invalid", reasons=(reason,)))
    with pytest.raises(InvalidResultError, match=r"killed at the limit.*--force"):
        fit_result(bad, bursts(), NO_REPLICAS)
    assert fit_result(bad, bursts(), NO_REPLICAS, force=True).forced


def test_too_few_bursts_give_a_reason_and_no_number() -> None:
    constants = fit_result(document(), bursts().head(2), NO_REPLICAS).cells[0].constants
    assert constants
    for constant in constants:
        assert constant.value is None
        assert constant.reason


def test_levels_are_means_over_their_bursts() -> None:
    levels = level_records(bursts())
    assert [(level.level, level.bursts) for level in levels] == [(1, 3), (2, 3), (4, 3), (6, 3)]
    assert levels[1].rss_peak_bytes == pytest.approx(550e6)
    assert levels[0].run_seconds_mean == pytest.approx(2.0)


def test_a_leak_is_a_note_and_is_taken_out_of_base_and_slope() -> None:
    rows = bursts()
    before = rows["level"].cumsum() - rows["level"]
    noise = pd.Series([0.2, -0.1, 0.0, 0.1, -0.2, 0.1] * 2) * MIB
    leaking = rows.assign(
        memory_idle_bytes=190e6 + 6 * MIB * before + noise,
        memory_peak_bytes=rows["memory_peak_bytes"] + 6 * MIB * before,
    )
    fitted, older = (
        fit_result(document(), table, NO_REPLICAS) for table in (rows, rows.drop(columns="memory_idle_bytes"))
    )
    clean = {one.name: one for one in fitted.cells[0].constants}
    result = fit_result(document(), leaking, NO_REPLICAS)
    found = {one.name: one for one in result.cells[0].constants}
    assert fitted.validity.reasons == ()
    [unknown] = [one for one in older.cells[0].constants if one.name == "leak_bytes_per_run"]
    assert unknown.reason.startswith("not measured here")
    assert found["leak_bytes_per_run"].value == pytest.approx(6 * MIB, rel=0.05)
    for name in ("base_memory_bytes", "memory_per_run_bytes"):
        assert found[name].value == pytest.approx(clean[name].value, rel=0.03)
    assert result.validity.state == "valid"
    [reason] = result.validity.reasons
    assert (reason.severity, reason.code) == ("note", "leak")
    assert "with each run" in reason.message
    assert fit_result(result, leaking, NO_REPLICAS).validity == result.validity
    assert fit_result(result, rows, NO_REPLICAS).validity.reasons == ()


def test_a_reload_is_what_its_peak_is_above_those_of_its_level() -> None:
    rows = bursts()
    usual = rows.loc[rows["level"] == 1, "memory_peak_bytes"].mean()
    reloads = pd.DataFrame(
        [
            burst_row(1, 100 + n, phase="reload", memory_peak_bytes=usual + 120e6 + n)
            | {"reload_seconds": 4.0, "overlap_seconds": 9.0 + n}
            for n in (-1, 0, 1)
        ]
    )
    plain, reloaded = (
        {one.name: one for one in fit_result(document(), table, NO_REPLICAS).cells[0].constants}
        for table in (rows, pd.concat([rows, reloads]))
    )
    assert reloaded["reload_memory_bytes"].value == pytest.approx(120e6)
    assert reloaded["reload_seconds"].value == pytest.approx(4.0)
    assert reloaded["reload_overlap_seconds"].value == pytest.approx(9.0)
    assert {name: one.value for name, one in reloaded.items() if name in plain} == {
        name: one.value for name, one in plain.items()
    }


def test_imports_and_health_checks_have_constants_where_there_were_any() -> None:
    imports = tuple(ImportRecord(seconds=n, cpu_seconds=n, memory_bytes=None) for n in (1.0, 2.0, 3.0))
    start = StartRecord(imports=imports, answer_seconds=(4.0,))
    cell = cell_record(start=start, health_check_seconds=20.0)
    checks = [
        {"cell_id": CELL, "role": "check", "pid": pid, "created_epoch_seconds": 1.0, "replica": "server"}
        | {"pss_bytes": held, "cpu_seconds": used, "children_cpu_seconds": 0.0}
        for pid in (7, 8, 9)
        for held, used in ((20e6, 0.2), (60e6 + pid, 0.9), (np.nan, 1.0 + pid / 100))
    ]
    server = {"cell_id": CELL, "role": "server", "pid": 1, "pss_bytes": 9e9, "cpu_seconds": 99.0}
    of_other_cell = checks[0] | {"cell_id": "other", "pss_bytes": 9e9}
    processes = pd.DataFrame([*checks, server, of_other_cell])
    fitted = fit_result(document(cells=(cell,)), bursts(), NO_REPLICAS, processes)
    found = {one.name: one for one in fitted.cells[0].constants}
    assert found["import_seconds"].value == pytest.approx(2.0)
    assert found["import_memory_bytes"].reason.startswith("measured 0 times")
    assert found["health_check_memory_bytes"].value == pytest.approx(60e6 + 8)
    assert found["health_check_cpu_seconds"].value == pytest.approx(1.08)
    unchecked = fit_result(document(), bursts(), NO_REPLICAS, processes).cells[0].constants
    assert not {one.name for one in unchecked} & {"import_seconds", "health_check_memory_bytes"}
