"""What `compare` says of committed real rounds: one version against itself, and against planted costs."""

from pathlib import Path

import pytest

from harness.results.comparison_document import CHANGES, DifferenceRecord
from harness.results.folder import ResultFolder
from tests.perf.real_changes import AGAINST_ITSELF, against_itself, against_planted, rounds

FOLDER = Path(__file__).parents[2] / "results" / "changes"
FOUND = {
    ("io_bound", "memory_per_run_bytes"),
    ("cpu_bound", "memory_per_run_bytes"),
    ("cpu_bound", "cpu_seconds_per_run"),
}
"""What was planted: 8 MiB in both, CPU in one."""


@pytest.fixture(scope="module")
def planted() -> dict[tuple[str, str], DifferenceRecord]:
    return {(one.workload, one.constant): one for one in against_planted(FOLDER)}


def test_the_rounds_are_valid_and_were_measured_in_turns() -> None:
    documents = {name: ResultFolder(FOLDER / name).read_document() for name in rounds()}
    assert {one.validity.state for one in documents.values()} == {"valid"}
    assert {cell.dagster_version for one in documents.values() for cell in one.cells} == {"1.13.27"}
    began = [one.created_at for one in documents.values()]
    assert began == sorted(began)
    for number in range(5):
        beside, other = (
            documents[f"{side}-{number}"].scenario.as_written() for side in ("beside", "planted")
        )
        assert beside["seed"] == other["seed"]
        assert beside["load"] == other["load"]
        assert [one["ballast"] for one in other["workloads"]] == [8 * 2**20] * 2


@pytest.mark.slow
def test_a_version_against_itself_20_times_gives_one_false_change_at_most() -> None:
    found = against_itself(FOLDER)
    assert len(found) == AGAINST_ITSELF == 20
    assert all(len(differences) == 16 for differences in found)
    false = [one for differences in found for one in differences if one.verdict in CHANGES]
    assert len(false) <= 1, [(one.workload, one.constant, one.ratio) for one in false]


def test_planted_memory_and_cpu_are_found_and_nothing_else(
    planted: dict[tuple[str, str], DifferenceRecord],
) -> None:
    assert {key for key, one in planted.items() if one.verdict in CHANGES} == FOUND
    assert {planted[key].verdict for key in FOUND} == {"regressed"}


def test_planted_memory_is_found_at_its_size(planted: dict[tuple[str, str], DifferenceRecord]) -> None:
    for workload in ("io_bound", "cpu_bound"):
        one = planted[workload, "memory_per_run_bytes"]
        assert one.baseline_figure is not None
        assert one.other_figure is not None
        rise = one.other_figure.value - one.baseline_figure.value
        assert rise == pytest.approx(8 * 2**20, rel=0.15)
