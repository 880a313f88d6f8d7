"""A folder of another kind is called what it is, and what to give instead is named."""

from pathlib import Path

import pytest

from harness.errors import ResultError
from harness.results.claims_document import read_claims
from harness.results.folder import ResultFolder
from harness.results.sizing_document import read_sizing
from tests.unit.results_sample import document


def folder_with(path: Path, *files: str) -> Path:
    path.mkdir(parents=True)
    for file in files:
        (path / file).write_text("{}")
    return path


def told(path: Path) -> str:
    with pytest.raises(ResultError) as caught:
        ResultFolder(path).read_document()
    return str(caught.value).removeprefix(str(path))


def test_a_folder_that_holds_something_else_is_called_that(tmp_path: Path) -> None:
    matrix = folder_with(tmp_path / "a", "matrix.json", "comparison.json")
    assert told(matrix) == (
        ": holds a matrix of versions, not a result; give a folder that `dagster-sizing bench` wrote"
    )


def test_results_below_are_named_and_what_is_more_is_counted(tmp_path: Path) -> None:
    claims = folder_with(tmp_path / "b", "claims.json")
    for name in ("cpu", "oom", "pool"):
        folder_with(claims / name, "result.json")
    assert f"claims, not a result; give one of those in it: {claims / 'cpu'}, " in told(claims)
    assert "more" not in told(claims)
    folder_with(claims / "ticks", "result.json")
    assert told(claims).endswith(f"{claims / 'pool'}, or one of 1 more")


def test_what_is_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    assert told(tmp_path / "no").startswith(": no such folder; ")
    (tmp_path / "file").write_text("")
    assert told(tmp_path / "file").startswith(": a file; ")
    with pytest.raises(ResultError, match="no such file or folder"):
        read_sizing(tmp_path / "no.json")
    with pytest.raises(ResultError, match=r"holds no claims\.json; give a folder that"):
        read_claims(folder_with(tmp_path / "empty"))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, constant: str) -> None:
    folder = ResultFolder(tmp_path / "result")
    folder.write_document(document())
    file = folder.path / "result.json"
    file.write_text(file.read_text().replace('"schema_version": ', f'"told": {constant}, "schema_version": '))
    assert f"{constant} is no number" in told(folder.path)


def test_what_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path / "deep")
    (tmp_path / "deep/result.json").write_text("[" * 100_000)
    assert "nested too deeply" in told(tmp_path / "deep")
