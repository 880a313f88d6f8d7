import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness.errors import ResultError
from harness.results.columns import COLUMNS
from harness.results.folder import OF_BURSTS, ResultFolder
from harness.results.table_schema import filled
from tests.unit.results_sample import CELL, burst_row, cell_record, document


def burst_tables(order: int) -> dict[str, pd.DataFrame]:
    row = burst_row(2, order)

    def table(name: str) -> pd.DataFrame:
        values = {"str": "", "bool": False, "int64": 1, "float64": 1.5}
        return pd.DataFrame([{one.name: row.get(one.name, values[one.dtype]) for one in COLUMNS[name]}])

    return {name: table(name) for name in OF_BURSTS}


def begun(tmp_path: Path) -> ResultFolder:
    folder = ResultFolder(tmp_path / "result")
    folder.write_document(document(cells=(cell_record(state="running"),)))
    return folder


def test_a_document_comes_back_as_it_was_written(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    assert folder.read_document() == document(cells=(cell_record(state="running"),))
    assert sorted(p.name for p in folder.path.iterdir()) == ["result.json"]


def test_bursts_can_be_read_before_and_after_merging(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    cell = folder.read_document().cell(CELL)
    for order in range(3):
        folder.write_burst(cell, order, burst_tables(order))
    before = folder.table("bursts")
    assert list(before["burst"]) == [0, 1, 2]
    folder.merge()
    pd.testing.assert_frame_equal(folder.table("bursts"), before)
    assert not (folder.path / "parts").exists()


def test_a_table_is_written_with_the_columns_and_types_of_the_registry(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    tables = burst_tables(0)
    tables["pings"] = tables["pings"].iloc[:0].astype("object")
    tables["runs"] = tables["runs"].assign(pid=7)
    folder.write_burst(folder.read_document().cell(CELL), 0, tables)
    for name in OF_BURSTS:
        written = folder.table(name)
        assert {column: str(kind) for column, kind in written.dtypes.items()} == {
            one.name: one.dtype for one in COLUMNS[name]
        }
    tables["samples"] = tables["samples"].assign(humidity=0.4)
    with pytest.raises(ValueError, match="table samples: the registry and the data differ in humidity"):
        folder.write_burst(folder.read_document().cell(CELL), 1, tables)


@pytest.mark.parametrize("name", OF_BURSTS)
def test_every_committed_table_has_the_columns_of_the_registry(name: str) -> None:
    files = list((Path(__file__).parents[2] / "results").rglob(f"{name}.parquet"))
    assert files or name in ("steps", "companions")  # which the committed results are too old for
    for file in files:
        assert set(pq.read_schema(file).names) <= {one.name for one in COLUMNS[name]}, file


def test_what_older_results_lack_is_filled_in(tmp_path: Path) -> None:
    old = pd.DataFrame([burst_row(1, 0)]).drop(columns="threads_peak")
    whole = filled("bursts", old)
    assert {one.name for one in COLUMNS["bursts"]} <= set(whole.columns)
    assert np.isnan(whole["threads_peak"].iloc[0])
    assert whole["lost_replica"].iloc[0] == ""
    assert whole["level"].iloc[0] == 1


def test_a_burst_cut_off_while_writing_does_not_count(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    cell = folder.read_document().cell(CELL)
    folder.write_burst(cell, 0, burst_tables(0))
    folder.write_burst(cell, 1, burst_tables(1))
    next((folder.path / "parts").rglob("0001-bursts.parquet")).unlink()
    assert list(folder.table("samples")["burst"]) == [0]


def test_a_new_attempt_takes_the_place_of_the_one_cut_short(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    first = folder.read_document().cell(CELL)
    folder.write_burst(first, 0, burst_tables(0))
    second = first.model_copy(update={"attempt": 2})
    folder.write_document(folder.read_document().with_cell(second))
    folder.write_burst(second, 5, burst_tables(5))
    assert list(folder.table("bursts")["burst"]) == [5]


def test_only_one_experiment_writes_to_a_folder(tmp_path: Path) -> None:
    first, second = ResultFolder(tmp_path), ResultFolder(tmp_path)
    first.lock()
    with pytest.raises(ResultError, match="another experiment is writing here"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no result.json"),
        ("{", "not JSON"),
        ("[]", "not a result of dagster-sizing"),
        (json.dumps({"schema_version": 99}), "newer than this harness reads"),
        (json.dumps({"schema_version": 1, "name": 3}), "harness_version: Field required"),
    ],
)
def test_bad_results_are_named_in_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "result.json").write_text(text)
    with pytest.raises(ResultError, match=message) as caught:
        ResultFolder(tmp_path).read_document()
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "bursts.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(ResultError, match=r"bursts\.parquet: damaged"):
        ResultFolder(tmp_path).table("bursts")


def test_columns_are_those_of_the_table(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    missing = [1.5, None, -2.0, float("nan")]
    table = pd.DataFrame({"word": ["a", None, "b", "a"], "number": missing, "whole": [1, 2, 3, 4]})
    table.to_parquet(folder.path / "samples.parquet", index=False)
    read = folder.columns("samples", ("word", "number", "whole", "absent"))
    assert list(read) == ["word", "number", "whole"]
    assert read["word"].tolist() == ["a", None, "b", "a"]
    assert read["whole"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert np.array_equal(read["number"], folder.table("samples")["number"], equal_nan=True)
    assert folder.columns("runs", ("word",)) == {}


def test_a_damaged_table_is_named_by_columns_too(tmp_path: Path) -> None:
    (tmp_path / "samples.parquet").write_bytes(b"not parquet")
    with pytest.raises(ResultError, match=r"samples.parquet: damaged"):
        ResultFolder(tmp_path).columns("samples", ("a",))
