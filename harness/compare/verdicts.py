"""From differences to verdicts: a threshold for each kind of constant, and a correction for their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.compare.subject import Subject
from harness.model.constants import CONSTANTS, order_of
from harness.model.difference import PERMUTATIONS, Difference, difference, difference_of_estimates
from harness.model.intervals import Estimate, NotEstimable
from harness.model.many import holm, step_down_min_p
from harness.results.comparison_document import DifferenceRecord, Kind, Verdict, margin
from harness.results.estimate_record import EstimateRecord

SIGNIFICANCE = 0.05
"""Of all comparisons together."""
PERMUTATIONS_EACH = 200
"""For each of all comparisons, so that the least p, were it multiplied by their number, is 0.005,
a tenth of the significance."""
PERMUTATIONS_MORE = 39_999
"""Where a corrected p is so near the significance that chance among fewer permutations would decide."""
_NEAR = (SIGNIFICANCE / 2.5, SIGNIFICANCE * 2.5)
THRESHOLDS: dict[Kind, float] = {"memory": 0.03, "cpu": 0.10, "latency": 0.25, "count": 0.05}
"""A change up to this share is none that matters."""


_Found = tuple[str, str, str, Difference | NotEstimable]
"""Label of the other, workload, constant, and how it differs."""


def decide(ratio: Estimate, p_value: float, margin: tuple[float, float]) -> Verdict:
    """What a difference comes to. More is worse, in every constant.

    Regressed or improved: by more than the margin, and not by chance. No change: the whole 95 % interval is
    within the margin. Anything else is open.

    Args:
        ratio: to the baseline.
        p_value: corrected for the number of comparisons.
        margin: ratios between which a change is none that matters.
    """
    least, most = margin
    if p_value < SIGNIFICANCE and ratio.value > most:
        return "regressed"
    if p_value < SIGNIFICANCE and ratio.value < least:
        return "improved"
    if ratio.low > least and ratio.high < most:
        return "no change"
    return "inconclusive"


def compare(
    baseline: Subject, others: Sequence[Subject], thresholds: Mapping[Kind, float], seed: int
) -> tuple[DifferenceRecord, ...]:
    """Every constant of every other subject against the baseline's, in the order of the registry."""
    of_baseline = [
        (setting, _workload(baseline, setting, cells[0].workload), baseline.points(setting))
        for setting, cells in baseline.cells().items()
    ]
    places = [(other, *one) for other in others for one in of_baseline]
    pairs = [
        (place, other.label, workload, name, first, second)
        for place, (other, setting, workload, first) in enumerate(places)
        for second in [other.points(setting)]
        for name in first[0].keys() & second[0].keys()
    ]

    def tested_with(permutations: int) -> list[_Found]:
        return [
            (
                label,
                workload,
                name,
                # The same permutations for what was measured of the same bursts, and for nothing else.
                difference(first[0][name], second[0][name], (first[1], second[1]), seed, permutations, place),
            )
            for place, label, workload, name, first, second in pairs
        ]

    permutations = max(PERMUTATIONS, PERMUTATIONS_EACH * len(pairs) - 1)
    found = tested_with(permutations)
    if 2 * permutations < PERMUTATIONS_MORE and any(_NEAR[0] < p < _NEAR[1] for p in _corrected(found)):
        found = tested_with(PERMUTATIONS_MORE)
    found += [
        (other.label, workload, name, difference_of_estimates(first[name], second[name]))
        for other in others
        for setting, workload, _ in of_baseline
        for first, second in [(baseline.estimates(setting), other.estimates(setting))]
        for name in first.keys() & second.keys()
    ]
    corrected = iter(_corrected(found))
    tested = sum(isinstance(apart, Difference) for *_, apart in found)
    records = [
        _record(label, workload, name, apart, corrected, tested, thresholds)
        for label, workload, name, apart in found
    ]
    labels = [other.label for other in others]
    settings = list(dict.fromkeys(one.workload for one in records))
    return tuple(
        sorted(
            records,
            key=lambda one: (
                labels.index(one.other),
                settings.index(one.workload),
                order_of(one.constant),
            ),
        )
    )


def _corrected(found: Sequence[_Found]) -> list[float]:
    """P-values for their number: by their joint distribution, as far as permutations tell of it."""
    tested = [apart for *_, apart in found if isinstance(apart, Difference)]
    if any(one.of_estimates for one in tested):
        return holm([one.p_value for one in tested])
    return step_down_min_p([one.statistics for one in tested])


def _record(
    label: str,
    workload: str,
    name: str,
    apart: Difference | NotEstimable,
    corrected: Iterator[float],
    comparisons: int,
    thresholds: Mapping[Kind, float],
) -> DifferenceRecord:
    definition = CONSTANTS[name]
    kind = definition.kind
    known: dict[str, Any] = {
        "other": label,
        "workload": workload,
        "constant": name,
        "unit": definition.unit,
        "kind": kind,
        "threshold": thresholds[kind],
        "negligible": definition.negligible,
    }
    if isinstance(apart, NotEstimable):
        return DifferenceRecord(**known, verdict="inconclusive", why=apart.reason)
    p_value = next(corrected)
    within = margin(thresholds[kind], definition.negligible, apart.baseline.value)
    verdict = decide(apart.ratio, p_value, within)
    return DifferenceRecord(
        **known,
        baseline_figure=_figure(apart.baseline),
        other_figure=_figure(apart.other),
        ratio=_figure(apart.ratio),
        p_value=apart.p_value,
        p_value_corrected=p_value,
        verdict=verdict,
        why=_why(apart, p_value, comparisons, within[1] - 1) if verdict == "inconclusive" else "",
    )


def _why(apart: Difference, p_value: float, comparisons: int, matters: float) -> str:
    if p_value >= SIGNIFICANCE and apart.least_p_value * comparisons >= SIGNIFICANCE:
        return f"too few bursts to show any change among {comparisons} comparisons; measure more rounds"
    more = "observe more days" if apart.of_estimates else "measure more bursts"
    if p_value < SIGNIFICANCE:
        return f"changed, but whether by more than {matters:.0%} is open; {more}"
    return f"may have changed by more than {matters:.0%}, or by chance; {more}"


def _figure(estimate: Estimate) -> EstimateRecord:
    return EstimateRecord(value=estimate.value, low=estimate.low, high=estimate.high, bursts=estimate.n)


def _workload(subject: Subject, setting: str, workload: str) -> str:
    """The workload's name, or the whole setting where it was measured at several."""
    named = [cells[0].workload for cells in subject.cells().values()]
    return workload if named.count(workload) == 1 else setting
