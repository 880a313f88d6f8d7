import io

import pandas as pd
import pytest
from rich.console import Console

from harness.report import text
from harness.report.bars import POINTS
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.result_document import (
    ImportRecord,
    Reason,
    ReplicaRecord,
    ResultDocument,
    StartRecord,
    Validity,
)
from harness.sizing.fitting import fit_result, with_levels
from harness.views.course import memory_courses
from tests.unit.results_sample import CELL, NO_REPLICAS, bursts, cell_record, document

NO_SAMPLES = pd.DataFrame()


def fitted() -> ResultDocument:
    return fit_result(document(), bursts(), NO_REPLICAS)


def courses(samples: pd.DataFrame) -> dict[str, list[float]]:
    return memory_courses({str(name): told.to_numpy() for name, told in samples.items()}, POINTS)


def terminal(shown: ResultDocument, samples: pd.DataFrame = NO_SAMPLES, width: int = 160) -> str:
    stream = io.StringIO()
    print_result(shown, courses(samples), Console(file=stream, width=width))
    return stream.getvalue()


def markdown(shown: ResultDocument, samples: pd.DataFrame = NO_SAMPLES) -> str:
    return render_markdown(shown, courses(samples))


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (None, "bytes", "-"),
        (104857600.0, "bytes", "100.0 MiB"),
        (0.0213, "cores", "0.021 cores"),
        (1234.5, "seconds", "1,234.50 seconds"),
    ],
)
def test_quantities_carry_their_unit(value: float | None, unit: str, written: str) -> None:
    assert text.quantity(value, unit) == written


def test_every_constant_is_shown_with_interval_and_count() -> None:
    shown = fitted()
    for output in (terminal(shown), markdown(shown)):
        for constant in shown.cells[0].constants:
            assert constant.name in output
            assert text.interval(constant) in output
            assert constant.low is not None
            assert constant.bursts >= 3


def test_rss_pss_and_cgroup_memory_stand_side_by_side() -> None:
    for output in (terminal(fitted()), markdown(fitted())):
        for name in ("cgroup, no cache", "sum of RSS", "sum of PSS", "sum of USS", "kernel watermark"):
            assert name in " ".join(output.split())


def test_a_result_that_is_not_valid_says_so_and_shows_no_constants() -> None:
    reason = Reason(severity="invalid", code="oom-kill", message="the kernel killed 2 processes")
    shown = with_levels(
        document(validity=Validity(state="invalid", reasons=(reason,))), bursts(), NO_REPLICAS
    )
    for output in (terminal(shown), markdown(shown)):
        assert "invalid" in output
        assert "the kernel killed 2 processes" in output
        assert "memory_per_run_bytes" not in output


def test_forced_constants_say_so() -> None:
    reason = Reason(severity="inconclusive", code="steal", message="stolen")
    unsure = document(validity=Validity(state="inconclusive", reasons=(reason,)))
    forced = fit_result(unsure, bursts(), NO_REPLICAS, force=True)
    for output in (terminal(forced), markdown(forced)):
        assert "fitted with --force" in output


def test_limits_that_were_not_enforced_are_named() -> None:
    limits = cell_record().limits
    assert limits is not None
    cell = cell_record(limits=limits.model_copy(update={"enforced": False}))
    assert "limits: not enforced" in markdown(document(cells=(cell,)))


def test_the_start_says_how_long_to_wait_for_it() -> None:
    imports = [ImportRecord(seconds=n, cpu_seconds=1.0, memory_bytes=40 * 2**20) for n in (1.0, 2.0)]
    start = StartRecord(imports=tuple(imports), answer_seconds=(4.0, 6.5))
    for render in (terminal, markdown):
        shown = " ".join(render(document(cells=(cell_record(start=start),))).split())
        assert "the code server answered 6.50 s after it was started" in shown
        assert "Importing the code takes 1.50 s and 40.0 MiB of that" in shown
        assert "Allow 20 s until" in shown
        assert "180 s" not in shown
        slow = start.model_copy(update={"answer_seconds": (71.0,), "imports": ()})
        shown = " ".join(render(document(cells=(cell_record(start=slow),))).split())
        assert "Importing" not in shown
        assert "Allow 220 s until" in shown
        assert "Dagster's own limit of 180 s has to be raised" in shown
        assert "Start:" not in render(fitted())


def test_pings_are_shown_where_there_were_any() -> None:
    told = bursts().assign(ping_seconds_max=0.25, requests_running_max=4.0, requests_queued_max=2.0)
    with_pings = fit_result(document(), told, NO_REPLICAS)
    for render in (terminal, markdown):
        assert "slowest Ping" in render(with_pings)
        assert "0.250 s" in render(with_pings)
        assert "slowest Ping" not in render(fitted())


def test_peaks_stand_against_the_limit_and_memory_over_time_in_a_line() -> None:
    times = [float(second) for second in range(80)]
    memory = [200e6 if second < 40 else 800e6 for second in range(80)]
    samples = pd.DataFrame(
        {"cell_id": CELL, "burst": 0, "at_epoch_seconds": times, "memory_bytes": memory}
    ).sample(frac=1, random_state=1)
    other = samples.assign(cell_id="other", memory_bytes=9e9)
    for output in (terminal(fitted(), pd.concat([other, samples])), markdown(fitted(), samples)):
        # 301 MB of 3 GiB for one run at once, and 801 MB for six
        assert "▋░░░░░░░ 9%" in output
        assert "█▉░░░░░░ 25%" in output
        assert f"memory over time: {'▃' * 20}{'█' * 20} 0 to 762.9 MiB" in output
        assert "slowest tick" not in output  # none was measured
    for none in (NO_SAMPLES, samples.drop(columns="memory_bytes"), samples.drop(columns="cell_id"), other):
        assert "memory over time" not in terminal(fitted(), none)


def test_several_code_servers_are_held_against_their_own_limits() -> None:
    one = {"runs": 4, "runs_succeeded": 4, "cpu_seconds": 1.0, "throttled_seconds": 0.0, "oom_kills": 0}
    records = tuple(
        ReplicaRecord(name=name, memory_peak_bytes=peak * 2**30, **one)
        for name, peak in (("code-server-1", 0.75), ("code-server-2", 1.5))
    )
    whole = fitted()
    cell = whole.cells[0].model_copy(update={"replicas": 2, "replica_records": records})
    for output in (terminal(whole.with_cell(cell)), markdown(whole.with_cell(cell))):
        assert "██░░░░░░ 25%" in output
        assert "████░░░░ 50%" in output
        assert output.count("of the limit") == 1


def test_nothing_is_cut_off_on_a_narrow_terminal() -> None:
    narrow = terminal(fitted(), width=80)
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= 80
    for constant in fitted().cells[0].constants:
        assert constant.name in narrow
