"""Pages of answers: a comparison, a history, claims, a size and a trial, without a browser."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.compare.comparable import packages
from harness.compare.series import series_of
from harness.compare.subject import Round, Subject, subjects_of
from harness.compare.verdicts import THRESHOLDS, compare
from harness.report.pages.claims import render_claims_page
from harness.report.pages.comparison import render_comparison_page
from harness.report.pages.history import render_history_page
from harness.report.pages.sizing import render_sizing_page
from harness.report.pages.trial import render_trial_page
from harness.report.pictures.attempts import attempts_picture
from harness.report.pictures.claim_figures import claim_pictures, verdict_picture
from harness.report.pictures.distributions import distribution_pictures
from harness.report.pictures.picture import Picture
from harness.report.pictures.ratios import ratio_picture
from harness.report.pictures.series import series_picture
from harness.report.pictures.terms import terms_picture
from harness.report.pictures.versions import version_pictures
from harness.results.claims import ClaimsDocument, NumberRecord, read_claims
from harness.results.comparison import ComparisonDocument, SubjectRecord
from harness.results.folder import ResultFolder
from harness.results.history import SeriesRecord
from harness.results.sizing import (
    LayoutRecord,
    NeedRecord,
    OfferRecord,
    PricesRecord,
    QuantityRecord,
    RuleRecord,
    SizingDocument,
    TermRecord,
)
from harness.results.trial import BoundaryRecord
from harness.sizing.shapes import MIB
from harness.views.claims_thresholds import thresholds_of, unit_decided
from harness.views.compared import BURSTS, bursts_of, constant_of_versions, ratios_of
from harness.views.compared_attempts import attempts_of
from harness.views.compared_terms import terms_of
from harness.views.history_points import steps_of
from tests.unit.cli_support import ROOT
from tests.unit.results_sample import burst_row, cell_record, document
from tests.unit.sizing_made import TOO_LARGE, kind, sizing
from tests.unit.test_cli_try import attempt, trial
from tests.unit.test_compare import made
from tests.unit.test_history import nights
from tests.unit.test_report_claims import DOCUMENT, NUMBER, record

HOSTILE = "<img src=x onerror=alert(1)>"
MOST = 5 * 2**20
"""Bytes of a page."""


def rows(picture: Picture) -> list[dict[str, Any]]:
    """All rows that a picture draws."""
    return [row for rows in picture.specification()["datasets"].values() for row in rows]


def shown(page: str) -> str:
    """A page's own markup as a reader sees it: without scripts, and tags as spaces."""
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)))


def assert_escaped(page: str) -> None:
    """The hostile text is there, and nowhere as markup."""
    assert HOSTILE not in page
    assert html.escape(HOSTILE, quote=True) in page
    assert "<img src=x" not in page


def record_of(subject: Subject) -> SubjectRecord:
    return SubjectRecord(
        label=subject.label,
        dagster_version=subject.dagster_version,
        results=tuple(one.document.name for one in subject.rounds),
    )


Compared = tuple[ComparisonDocument, dict[str, pd.DataFrame]]


def compared(folder: Path, repeats: int = 5, **of_second: float) -> Compared:
    """Two made results side by side, and their bursts."""
    folders = [
        made(folder / "a", "1.11.16", 1, repeats=repeats),
        made(folder / "b", "1.13.27", 2, repeats=repeats, **of_second),
    ]
    results = [
        (one.name, [Round(ResultFolder(one).read_document(), ResultFolder(one).table("bursts"))])
        for one in folders
    ]
    baseline, *others = subjects = subjects_of(results)
    comparison = ComparisonDocument(
        harness_version="0.1.0",
        created_at="2026-01-01T00:00:00+00:00",
        baseline=record_of(baseline),
        others=tuple(map(record_of, others)),
        forced=False,
        warnings=(),
        remarks=("the kernels differ",),
        packages=packages(subjects),
        differences=compare(baseline, others, THRESHOLDS, 1),
    )
    bursts = {
        one.label: bursts_of(one.dagster_version, [(part.document, part.bursts) for part in one.rounds])
        for one in subjects
    }
    return comparison, bursts


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return compared(tmp_path_factory.mktemp("changed"), memory=1.08, cpu=0.7)


def test_a_comparison_shows_costs_verdicts_and_what_else_differs(changed: Compared) -> None:
    comparison, bursts = changed
    page = render_comparison_page(comparison, bursts)
    text = shown(page)
    for words in (
        "1 regressed",
        "1 improved",
        "▲ regressed +8.",
        "▼ improved -",
        "1.11.16 (baseline)",
        "the kernels differ",
        "Not only Dagster differs: dagster, grpcio",
    ):
        assert words in text, words
    figure = next(
        one for one in comparison.differences if one.constant == "memory_per_run_bytes"
    ).other_figure
    assert figure is not None
    assert f"{figure.value / MIB:,.1f} MiB" in text
    assert f"{figure.low / MIB:,.1f} to {figure.high / MIB:,.1f} MiB, {figure.bursts} bursts" in text
    assert text.index("What a run costs in each version") < text.index("Regressed or improved")
    assert len(page.encode()) < MOST


def test_warnings_of_a_comparison_come_first(changed: Compared) -> None:
    forced = changed[0].model_copy(update={"forced": True, "warnings": ("a is invalid",)})
    text = shown(render_comparison_page(forced, None))
    assert text.index("a is invalid") < text.index("1 regressed")
    assert "compared with --force" in text


def test_constants_by_version_are_drawn_with_intervals_and_verdicts(changed: Compared) -> None:
    comparison, _ = changed
    pictures = {one.title: one for one in version_pictures(comparison, "io_bound", 1)}
    picture = pictures["io_bound: memory per run"]
    first, second = rows(picture)
    figure = next(
        one for one in comparison.differences if one.constant == "memory_per_run_bytes"
    ).other_figure
    assert figure is not None
    assert (first["version"], first["verdict"]) == ("1.11.16", "baseline")
    assert second["verdict"] == "regressed"
    assert second["value"] == pytest.approx(figure.value / MIB, rel=1e-5)
    assert second["low"] < second["value"] < second["high"]
    assert first["most"] == pytest.approx(first["value"] * 1.03, rel=1e-5)
    assert "comparison.json" in picture.source
    assert "regressed" in picture.text


def test_ratios_are_drawn_with_their_thresholds(changed: Compared) -> None:
    picture = ratio_picture(changed[0], "io_bound", 1)
    assert picture is not None
    found = {row["constant"]: row for row in rows(picture) if "constant" in row}
    memory = found["memory_per_run_bytes"]
    assert memory["ratio"] == pytest.approx(1.08, abs=0.01)
    assert (memory["verdict"], memory["threshold"]) == ("regressed", 0.03)
    assert found["cpu_seconds_per_run"]["most"] == pytest.approx(1.1)
    assert len(found) == len(changed[0].differences)
    assert "memory per run: 1.08" in picture.text
    assert '"log"' in str(picture.specification()).replace("'", '"')


def test_every_measured_burst_is_drawn(changed: Compared) -> None:
    comparison, bursts = changed
    memory, cpu = distribution_pictures(bursts, "io_bound", 1)
    points = [row for row in rows(memory) if "memory_peak_mib" in row]
    assert len(points) == 40
    raw = bursts["1.13.27"]
    expected = sorted(raw["memory_peak_bytes"] / MIB)
    assert sorted(row["memory_peak_mib"] for row in points if row["version"] == "1.13.27") == pytest.approx(
        expected, rel=1e-5
    )
    medians = {(row["version"], row["level"]): row["median"] for row in rows(cpu) if "median" in row}
    assert [level for _, level in medians] == [1, 1, 2, 2, 4, 4, 6, 6]
    assert medians["1.11.16", 6] == pytest.approx(2.0, rel=0.05)
    assert medians["1.13.27", 6] == pytest.approx(1.4, rel=0.05)
    assert "40 measured bursts" in memory.source
    cost = next(one for one in comparison.differences if one.constant == "cpu_seconds_per_run")
    assert cost.other_figure is not None
    assert raw["cpu_seconds_each"].mean() == pytest.approx(cost.other_figure.value)


def test_without_bursts_their_pictures_are_left_out(changed: Compared) -> None:
    comparison, bursts = changed
    assert "Single bursts" in shown(render_comparison_page(comparison, bursts))
    assert "Single bursts" not in shown(render_comparison_page(comparison, None))
    assert distribution_pictures(bursts, "other", 1) == ()


def test_a_comparison_without_any_ratio_says_why(tmp_path: Path) -> None:
    comparison, _ = compared(tmp_path)
    why = "too few bursts: 2, at least 3 are needed"
    bare = {"baseline_figure": None, "other_figure": None, "ratio": None, "p_value": None}
    none = tuple(
        one.model_copy(update=bare | {"p_value_corrected": None, "verdict": "inconclusive", "why": why})
        for one in comparison.differences
    )
    empty = comparison.model_copy(update={"differences": none})
    page = render_comparison_page(empty, {})
    text = shown(page)
    assert f"{len(none)} inconclusive" in text
    assert "? open: there were too few bursts" in text
    assert page.count('title="open"') == 4
    assert why in text
    assert "Nothing changed by more than its threshold" in text
    assert ratio_picture(empty, "io_bound", 1) is None
    assert version_pictures(empty, "io_bound", 1) == ()
    nothing = comparison.model_copy(update={"differences": ()})
    assert "Nothing was measured in both" in shown(render_comparison_page(nothing, None))


def test_hostile_names_in_a_comparison_are_shown_and_not_run(changed: Compared) -> None:
    comparison, bursts = changed
    label = {"label": HOSTILE}
    hostile = comparison.model_copy(
        update={
            "others": tuple(one.model_copy(update=label) for one in comparison.others),
            "differences": tuple(
                one.model_copy(update={"other": HOSTILE, "workload": HOSTILE})
                for one in comparison.differences
            ),
            "remarks": (HOSTILE,),
            "warnings": (HOSTILE,),
        }
    )
    named = {
        "1.11.16": bursts["1.11.16"].assign(workload=HOSTILE),
        HOSTILE: bursts["1.13.27"].assign(workload=HOSTILE),
    }
    assert_escaped(render_comparison_page(hostile, named))


def test_bursts_are_told_as_the_comparison_names_them() -> None:
    small, large = (
        cell_record(cell_id=f"io_bound-1.13.27-{cpus}cpu", cpus=cpus, workload="io_bound") for cpus in (1, 2)
    )
    table = pd.DataFrame(
        [
            burst_row(2, 0, cell_id=small.cell_id),
            burst_row(2, 3, cell_id=small.cell_id),
            burst_row(2, 1, cell_id=small.cell_id, phase="warmup"),
            burst_row(2, 2, cell_id=small.cell_id, drained=False),
            burst_row(4, 3, cell_id=large.cell_id, runs_succeeded=0, runs_failed=0),
        ]
    )
    found = bursts_of("1.13.27", [(document(cells=(small, large)), table)] * 2)
    assert list(found.columns) == BURSTS
    assert list(found["workload"]) == ["io_bound-1cpu"] * 4 + ["io_bound-2cpu"] * 2
    assert list(found["round"]) == [1, 1, 2, 2, 1, 2]
    # each run took 1.5 CPU-seconds beyond what the idle server did in the window
    assert list(found["cpu_seconds_each"][:4]) == pytest.approx([1.5] * 4)
    assert found[found["level"] == 4]["cpu_seconds_each"].isna().all()
    assert bursts_of("1.9.0", [(document(cells=(small,)), table)]).empty


def test_bursts_of_ticks_are_told_as_such() -> None:
    ticks = {"launches": 0, "ticks": 3, "ticks_evaluated": 3, "tick_concurrency_peak": 2}
    of_ticks = ticks | {"tick_span_seconds": 1.0, "runs_succeeded": 0}
    table = pd.DataFrame([burst_row(3, 3 * number, **of_ticks) for number in range(3)])
    found = bursts_of("1.13.27", [(document(), table)])
    assert set(found["each"]) == {"tick"}
    assert set(found["concurrency_peak"]) == {2}
    assert list(found["cpu_seconds_each"]) == pytest.approx([1.5] * 3)


def test_views_of_a_constant_that_is_nowhere_are_empty(changed: Compared) -> None:
    assert constant_of_versions(changed[0], "io_bound", "other").empty
    assert ratios_of(changed[0], "other").empty


def stepped() -> list[SeriesRecord]:
    return series_of(nights(np.array([100.0 * MIB] * 10 + [108.0 * MIB] * 10)), THRESHOLDS)


def test_a_history_shows_each_step_with_its_size() -> None:
    page = render_history_page(stepped())
    text = shown(page)
    for words in ("1 step up", "0 steps down", "2026-01-11", "▲ +8.0%", "100.0 MiB", "108.0 MiB", "11 of 20"):
        assert words in text, words
    assert len(page.encode()) < MOST


def test_points_and_steps_of_a_history_are_drawn() -> None:
    picture = series_picture(stepped(), 1)
    points = [row for row in rows(picture) if "value" in row]
    assert [row["value"] for row in points] == [100.0] * 10 + [108.0] * 10
    [step] = [row for row in rows(picture) if "told" in row]
    assert (step["told"], step["before"], step["middle"], step["after"]) == ("+8%", 100.0, 104.0, 108.0)
    assert step["at"] == points[10]["at"]
    assert step["until"] == points[-1]["at"]
    assert "stepped +8% on 2026-01-11" in picture.text


def test_a_level_ends_where_the_next_step_is() -> None:
    series = series_of(nights(np.array([100.0] * 8 + [120.0] * 8 + [90.0] * 8)), THRESHOLDS)
    found = steps_of(series)
    assert list(found["until"]) == [series[0].at[16], series[0].at[-1]]
    assert list(found["told"]) == ["+20%", "-25%"]


def test_versions_share_a_picture_and_machines_do_not() -> None:
    one = stepped()[0]
    other = one.model_copy(update={"dagster_version": "1.9.0"})
    elsewhere = one.model_copy(update={"machine": "elsewhere"})
    page = render_history_page([one, other, elsewhere])
    assert page.count("data-picture=") == 2
    assert "machine elsewhere" in shown(page)


def test_a_history_of_one_point_is_a_page() -> None:
    series = series_of(nights(np.array([100.0 * MIB])), THRESHOLDS)
    text = shown(render_history_page(series))
    assert "1 result from" in text
    assert "too few to find steps" in text
    assert "Nothing stepped by more than its threshold" in text
    assert [row["value"] for row in rows(series_picture(series, 1))] == [100.0]
    assert "no result in this history yet" in shown(render_history_page([]))


def test_hostile_names_in_a_history_are_shown_and_not_run() -> None:
    hostile = [one.model_copy(update={"workload": HOSTILE, "dagster_version": HOSTILE}) for one in stepped()]
    assert_escaped(render_history_page(hostile))


def test_each_claim_is_a_card_with_its_verdict_and_figures() -> None:
    page = render_claims_page(DOCUMENT)
    text = shown(page)
    assert "4 claims: 1 supported, 1 refuted, 1 inconclusive, 1 not-testable-here" in text
    for claim in DOCUMENT.claims:
        for words in (
            claim.id,
            claim.verdict,
            claim.evidence,
            claim.says,
            claim.doubt,
            claim.rule,
            claim.advice,
        ):
            assert words in text, words
    assert page.count("<article") == 4
    for words in ("100.0 MiB", "99.0 MiB to 101.0 MiB", "light: bursts"):
        assert words in text, words


def test_figures_are_drawn_by_unit_with_their_intervals() -> None:
    ratio = NumberRecord(name="a / b", value=0.5, low=0.4, high=0.7, unit="", n=3, source="light: runs")
    count = NumberRecord(name="hit", value=3, low=None, high=None, unit="bursts", n=3, source="cap: bursts")
    rule = (
        "supported if the 95 % interval of the ratio lies within 0.85 to 1.15, refuted if wholly below 0.75 "
        "or above 1.3."
    )
    claim = DOCUMENT.claims[0].model_copy(update={"numbers": (NUMBER, ratio, count), "rule": rule})
    decided, memory, counted = claim_pictures(claim, 1)
    assert [row["threshold"] for row in rows(decided) if "threshold" in row] == [0.85, 1.15, 0.75, 1.3]
    [figure] = [row for row in rows(decided) if "figure" in row]
    assert (figure["value"], figure["low"], figure["high"], figure["n"]) == (0.5, 0.4, 0.7, 3)
    [figure] = rows(memory)
    assert (figure["figure"], figure["value"], figure["low"], figure["source"]) == (
        "memory per run",
        100.0,
        99.0,
        "light: bursts",
    )
    [figure] = rows(counted)
    assert figure["low"] is None
    assert "3 bursts (n = 3)" in counted.text


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "supported if the 95 % interval ends at or below 1.2, refuted if it begins at or above 1.5.",
            ["supported up to 1.2", "refuted from 1.5"],
        ),
        (
            "supported if its 95 % interval lies within 0.9 to 1.1, refuted if wholly above 1.25.",
            ["supported from 0.9", "supported up to 1.1", "refuted above 1.25"],
        ),
        ("supported if its 95 % interval ends at or below 5 %, refuted if it begins at or above 50 %.", []),
        (
            "supported if its 95 % interval lies within 6 to 10 MB, refuted if wholly above 16 MB.",
            [],
        ),
        ("Supported if within 0.9 to 1.1 in every one, refuted if below 0.8 or above 1.25 in every one.", []),
    ],
)
def test_thresholds_are_read_only_from_rules_that_judge_an_interval(rule: str, told: list[str]) -> None:
    found = thresholds_of(rule)
    assert [f"{one.verdict} {one.told}" for one in found.itertuples()] == told


@pytest.fixture(scope="module")
def reference() -> ClaimsDocument:
    return read_claims(ROOT / "results" / "claims")


def beyond(low: float, high: float, threshold: float, told: str) -> bool:
    """Whether an interval lies on the side of a threshold that is told."""
    return low >= threshold if told.startswith(("from", "above")) else high <= threshold


def test_thresholds_of_the_reference_claims_are_about_what_decided(reference: ClaimsDocument) -> None:
    """The verdict that thresholds and figure give is the one that was given."""
    ruled = []
    for claim in reference.claims:
        thresholds, unit = thresholds_of(claim.rule), unit_decided(claim.numbers)
        figure = next((one for one in claim.numbers if one.unit == unit and one.low is not None), None)
        if thresholds.empty or figure is None or figure.low is None or figure.high is None:
            continue
        ruled.append(claim.id)
        met = {
            verdict: [beyond(figure.low, figure.high, one.threshold, one.told) for one in own.itertuples()]
            for verdict, own in thresholds.groupby("verdict")
        }
        assert all(met["supported"]) == (claim.verdict == "supported"), claim.id
        assert any(met["refuted"]) == (claim.verdict == "refuted"), claim.id
    assert {"cpu-linear", "profiler", "littles-law", "gil-plateau-runs", "shared-state"} <= set(ruled)


def test_the_reference_claims_are_one_small_page(reference: ClaimsDocument) -> None:
    page = render_claims_page(reference)
    assert len(page.encode()) < MOST
    text = shown(page)
    assert page.count("<article") == len(reference.claims)
    for claim in reference.claims:
        assert claim.evidence in text
        for number in claim.numbers:
            assert number.source in text
    drawn = [
        row
        for number, claim in enumerate(reference.claims)
        for one in claim_pictures(claim, number)
        for row in rows(one)
    ]
    assert sum("figure" in row for row in drawn) == sum(len(claim.numbers) for claim in reference.claims)


def test_verdicts_are_counted_by_what_they_were_measured_on(reference: ClaimsDocument) -> None:
    found = rows(verdict_picture(reference))
    assert sum(row["claims"] for row in found) == len(reference.claims)
    untested = [row for row in found if row["stack"] == "not run"]
    assert {row["verdict"] for row in untested} == {"not-testable-here"}


def test_claims_that_were_not_tested_are_a_page() -> None:
    assert "no claim was tested" in shown(render_claims_page(DOCUMENT.model_copy(update={"claims": ()})))
    needs = "needs 8 CPUs (this machine has 2)"
    untested = DOCUMENT.model_copy(update={"claims": (record("one", "not-testable-here", evidence=needs),)})
    text = shown(render_claims_page(untested))
    assert "1 claims: 1 not-testable-here" in text
    assert needs in text
    assert "have not come to their end" in text


def test_hostile_words_of_claims_are_shown_and_not_run() -> None:
    number = NUMBER.model_copy(update={"name": HOSTILE, "source": HOSTILE})
    claim = record(
        HOSTILE, "refuted", evidence=HOSTILE, says=HOSTILE, experiments=(HOSTILE,), numbers=(number,)
    )
    assert_escaped(render_claims_page(DOCUMENT.model_copy(update={"claims": (claim,)})))


def quantities(workload: str = "io_bound") -> tuple[QuantityRecord, ...]:
    def need(bound: str, total: float, *terms: tuple[str, float, float]) -> NeedRecord:
        of = tuple(TermRecord(name=name, count=count, cost=cost) for name, count, cost in terms)
        return NeedRecord(bound=bound, runs=9, total=total, terms=of, binds="a burst")  # type: ignore[arg-type]

    runs = f"runs at once ({workload})"
    return (
        QuantityRecord(
            name="memory",
            unit="bytes",
            needs=(
                need("lower", 1010 * MIB, ("base", 1, 110 * MIB), (runs, 9, 100 * MIB)),
                need("target", 1111 * MIB, ("base", 1, 121 * MIB), (runs, 9, 110 * MIB)),
                need("upper", 1331 * MIB, ("base", 1, 121 * MIB), (runs, 11, 110 * MIB)),
            ),
        ),
        QuantityRecord(
            name="cpu",
            unit="cores",
            needs=(need("target", 1.31, ("base", 1, 0.01), ("starts per second of a burst", 0.5, 2.6)),),
        ),
        QuantityRecord(
            name="grpc_max_workers",
            unit="workers",
            needs=(need("target", 11, ("Pings", 1, 1), ("a", 10, 1)),),
        ),
    )


def sized(**changes: Any) -> SizingDocument:
    whole = sizing(quantities=quantities())
    replicas = whole.replicas.model_copy(
        update={
            "layouts": (
                LayoutRecord(replicas=2, memory_bytes=2222.0 * MIB, lost_runs=5, lost_run_seconds=123.4),
            ),
            "rules": (RuleRecord(name="blast radius", favours="replicas", why="nine runs would be lost"),),
        }
    )
    return whole.model_copy(update={"replicas": replicas} | changes)


def test_a_size_says_what_to_deploy_first() -> None:
    page = render_sizing_page(sized(warnings=("9 runs are extrapolated from 6",), forced=True))
    text = shown(page)
    first = " ".join(text.split("a burst shall have started")[0].split())
    for words in (
        "9 runs are extrapolated from 6",
        "Forced:",
        "1,111.0 MiB",
        "1.31 cores",
        "DAGSTER_GRPC_MAX_WORKERS 11",
        "max_concurrent_runs 11",
        "two lose less",
        "ecs-fargate",
    ):
        assert words in first, words
    for words in ("2,222.0 MiB", "blast radius", "nine runs would be lost", "6.25 → 7", "binds"):
        assert words in text, words
    assert len(page.encode()) < MOST


def test_terms_of_a_size_are_drawn_and_add_up() -> None:
    memory, cpu, _ = quantities()
    drawn = rows(terms_picture(memory))
    assert len(drawn) == 6
    target = [row for row in drawn if row["bound"] == "target"]
    assert [row["amount"] for row in target] == [121.0, 990.0]
    assert sum(row["amount"] for row in target) == target[0]["total"]
    assert "target: 1,111.0 MiB for 9 runs at once" in terms_picture(memory).text
    assert [row["amount"] for row in rows(terms_picture(cpu))] == pytest.approx([0.01, 1.3])
    for one in quantities():
        for need in one.needs:
            found = terms_of(one)
            found = found[found["bound"] == need.bound]
            assert found["amount"].sum() == pytest.approx(found["total"].iloc[0])


def test_a_size_that_nothing_on_offer_meets_says_so() -> None:
    prices = PricesRecord(file="prices.yaml", currency="USD", hours_per_month=730, offers=())
    none = sizing(fargate=None, kubernetes=None, compose=None, prices=prices)
    none = none.model_copy(
        update={
            "shapes": tuple(
                one.model_copy(
                    update={
                        "cpus": None,
                        "memory_bytes": None,
                        "max_concurrent_runs": None,
                        "note": TOO_LARGE,
                    }
                )
                for one in none.shapes
            )
        }
    )
    text = shown(render_sizing_page(none))
    assert "nothing on offer is large enough" in text
    assert TOO_LARGE in text
    assert "Nothing on offer in prices.yaml is large enough" in text


def test_prices_of_a_size_are_listed_whole() -> None:
    offers = tuple(
        OfferRecord(
            platform="compose", name=f"m{n}", cpus=2, memory_bytes=2**30, replicas=1, cost_per_month=10.0 + n
        )
        for n in range(12)
    )
    prices = PricesRecord(file="prices.yaml", currency="EUR", hours_per_month=730, offers=offers)
    text = shown(render_sizing_page(sized(prices=prices)))
    assert "21.00 EUR" in text
    assert "730 hours" in text


def test_hostile_names_in_a_size_are_shown_and_not_run() -> None:
    hostile = sized(
        result=HOSTILE,
        location=HOSTILE,
        warnings=(HOSTILE,),
        kinds=(kind(HOSTILE),),
        quantities=quantities(HOSTILE),
        prices=PricesRecord(file=HOSTILE, currency=HOSTILE, hours_per_month=1, offers=()),
    )
    assert_escaped(render_sizing_page(hostile))


def boundaries() -> tuple[BoundaryRecord, ...]:
    return (
        BoundaryRecord(
            axis="runs",
            runs=None,
            memory_bytes=1024 * MIB,
            recommended=9,
            predicted=9,
            predicted_low=8,
            predicted_high=10,
            held=10,
            broke=11,
        ),
        BoundaryRecord(
            axis="memory",
            runs=9,
            memory_bytes=None,
            recommended=1024 * MIB,
            predicted=1010 * MIB,
            predicted_low=909 * MIB,
            predicted_high=1111 * MIB,
            held=960 * MIB,
            broke=928 * MIB,
        ),
    )


ATTEMPTS = (
    attempt("size", "held"),
    attempt("runs-10", "held", runs=10),
    attempt("runs-11", "killed", runs=11, bursts=1, bursts_held=0, why="the kernel killed the server"),
    attempt("memory-928mib", "killed", memory_bytes=928 * MIB, memory_peak_bytes=None),
    attempt("memory-960mib", "unclear", memory_bytes=960 * MIB, why="runs failed"),
)


def test_a_trial_shows_whether_it_held_and_where_it_breaks() -> None:
    whole = trial(*ATTEMPTS, boundaries=boundaries(), forced=True, finished_at="2026-01-01T01:00:00+00:00")
    text = shown(render_trial_page(whole))
    for words in (
        "the size HELD: 5 of 5 bursts of 9 runs held",
        "Forced:",
        "9 (8 to 10)",
        "1,010 MiB (909 MiB to 1,111 MiB)",
        "the kernel killed the server",
        "runs-11",
        "0 of 1",
    ):
        assert words in text, words


def test_attempts_are_drawn_with_the_prediction() -> None:
    picture = attempts_picture(trial(*ATTEMPTS, boundaries=boundaries()))
    assert picture is not None
    drawn = {row["attempt"]: row for row in rows(picture) if "attempt" in row}
    assert {name: row["outcome"] for name, row in drawn.items()} == {
        one.folder: one.outcome for one in ATTEMPTS
    }
    assert {name: row["at"] for name, row in drawn.items() if row["at"]} == {
        "size": "recommended",
        "runs-11": "broke",
        "memory-928mib": "broke",
    }
    assert (drawn["runs-11"]["memory_mib"], drawn["runs-11"]["runs"]) == (1024.0, 11)
    assert drawn["memory-928mib"]["peak_mib"] is None
    in_runs, in_memory = [row for row in rows(picture) if "axis" in row]
    assert (in_runs["runs_low"], in_runs["runs"], in_runs["runs_high"]) == (8, 9, 10)
    assert (in_memory["memory_low"], in_memory["memory_mib"], in_memory["memory_high"]) == (909, 1010, 1111)
    assert in_memory["runs"] == 9
    assert "predicted to hold up to 9 runs (8 to 10) in 1,024 MiB" in picture.text


@pytest.mark.parametrize(
    ("size", "badge"),
    [
        (attempt("size", "held"), '<span class="badge good">held</span>'),
        (attempt("size", "held", start_seconds=70.0), '<span class="badge bad">held, but too late</span>'),
        (attempt("size", "killed", bursts_held=2), '<span class="badge bad">broke</span>'),
        (attempt("size", "unclear", bursts_held=2), '<span class="badge open">unclear</span>'),
        (attempt("runs-9", "held"), '<span class="badge open">not tried to the end</span>'),
    ],
)
def test_the_badge_of_a_trial_says_how_it_ended(size: Any, badge: str) -> None:
    assert badge in render_trial_page(trial(size))


def test_a_trial_that_was_interrupted_is_a_page() -> None:
    started = shown(render_trial_page(trial(attempt("size", "held"))))
    assert "No boundary was searched yet: the trial has not come to its end" in started
    picture = attempts_picture(trial(attempt("size", "held")))
    assert picture is not None
    assert [row["outcome"] for row in rows(picture)] == ["held"]
    assert attempts_picture(trial()) is None
    assert "was not tried to the end" in shown(render_trial_page(trial()))
    assert attempts_of(trial()).empty


def test_hostile_names_in_a_trial_are_shown_and_not_run() -> None:
    hostile = trial(
        attempt("size", "killed", why=HOSTILE),
        attempt(HOSTILE, "held"),
        result=HOSTILE,
        peak={HOSTILE: 9},
        fingerprint={"cpu_model": HOSTILE},
    )
    assert_escaped(render_trial_page(hostile))
