"""The registry of columns: its page is what it says, and it knows every column there is."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.observe.cgroup import COLUMNS as SAMPLE_COLUMNS
from harness.observe.tree import PROCESS_COLUMNS
from harness.results.column_reference import render_column_reference
from harness.results.columns import COLUMNS
from harness.results.folder import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "result-format.md"


def test_the_committed_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text("utf-8") == render_column_reference(), (
        "write it anew: python -m harness.results.column_reference > docs/result-format.md"
    )


def test_every_table_of_a_result_is_in_the_registry_and_on_the_page() -> None:
    assert set(COLUMNS) == set(TABLES)
    page = render_column_reference()
    for table in TABLES:
        _, _, section = page.partition(f"## `{table}.parquet`\n")
        described, _, _ = section.strip().partition("\n")
        assert described
        assert not described.startswith("|")


@pytest.mark.parametrize(
    ("table", "read"), [("samples", SAMPLE_COLUMNS), ("processes", ("at_epoch_seconds", *PROCESS_COLUMNS))]
)
def test_what_is_read_is_what_the_registry_knows(table: str, read: tuple[str, ...]) -> None:
    known = [one.name for one in COLUMNS[table]]
    assert known == [*read, "replica", "cell_id", "burst"]


@pytest.mark.parametrize("table", TABLES)
def test_a_unit_in_a_name_is_the_unit(table: str) -> None:
    for one in COLUMNS[table]:
        told = one.name.removesuffix("_max")
        instant = told.endswith("_epoch_seconds")
        assert (one.unit == "epoch seconds") == instant, one.name
        assert (one.unit == "seconds") == (told.endswith("_seconds") and not instant), one.name
        assert (one.unit == "bytes") == told.endswith("_bytes"), one.name
        assert (one.unit == "cores") == told.endswith("_cores"), one.name


def test_a_peak_over_processes_is_a_column_of_the_bursts() -> None:
    bursts = {one.name for one in COLUMNS["bursts"]}
    assert {one.peak for one in COLUMNS["processes"] if one.peak} <= bursts


def test_a_made_up_column_is_described_with_no_other_code_touched() -> None:
    one = replace(COLUMNS["bursts"][-1], name="sockets_peak", unit="sockets", meaning="most sockets|pipes")
    page = render_column_reference({"bursts": [one]})
    assert "| `sockets_peak` | float64 | sockets | amount | none | most sockets\\|pipes |" in page
