import io

import pytest
from rich.console import Console

from harness.report import text
from harness.report.markdown import render_markdown
from harness.report.terminal import print_result
from harness.results.document import Reason, ResultDocument, Validity
from harness.sizing.fitting import fit_result, with_levels
from tests.unit.results_sample import NO_REPLICAS, bursts, cell_record, document


def fitted() -> ResultDocument:
    return fit_result(document(), bursts(), NO_REPLICAS)


def terminal(shown: ResultDocument) -> str:
    stream = io.StringIO()
    print_result(shown, Console(file=stream, width=160))
    return stream.getvalue()


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
    for output in (terminal(shown), render_markdown(shown)):
        for constant in shown.cells[0].constants:
            assert constant.name in output
            assert text.interval(constant) in output
            assert constant.low is not None
            assert constant.bursts >= 3


def test_rss_pss_and_cgroup_memory_stand_side_by_side() -> None:
    for output in (terminal(fitted()), render_markdown(fitted())):
        for name in ("cgroup, no cache", "sum of RSS", "sum of PSS", "sum of USS", "kernel watermark"):
            assert name in " ".join(output.split())


def test_a_result_that_is_not_valid_says_so_and_shows_no_constants() -> None:
    reason = Reason(severity="invalid", code="oom-kill", message="the kernel killed 2 processes")
    shown = with_levels(
        document(validity=Validity(state="invalid", reasons=(reason,))), bursts(), NO_REPLICAS
    )
    for output in (terminal(shown), render_markdown(shown)):
        assert "invalid" in output
        assert "the kernel killed 2 processes" in output
        assert "memory_per_run_bytes" not in output


def test_forced_constants_say_so() -> None:
    reason = Reason(severity="inconclusive", code="steal", message="stolen")
    unsure = document(validity=Validity(state="inconclusive", reasons=(reason,)))
    forced = fit_result(unsure, bursts(), NO_REPLICAS, force=True)
    for output in (terminal(forced), render_markdown(forced)):
        assert "fitted with --force" in output


def test_limits_that_were_not_enforced_are_named() -> None:
    limits = cell_record().limits
    assert limits is not None
    cell = cell_record(limits=limits.model_copy(update={"enforced": False}))
    assert "limits: not enforced" in render_markdown(document(cells=(cell,)))


def test_pings_are_shown_where_there_were_any() -> None:
    told = bursts().assign(ping_seconds_max=0.25, requests_running_max=4.0, requests_queued_max=2.0)
    with_pings = fit_result(document(), told, NO_REPLICAS)
    for render in (terminal, render_markdown):
        assert "slowest Ping" in render(with_pings)
        assert "0.250 s" in render(with_pings)
        assert "slowest Ping" not in render(fitted())
