"""What a folder of results is found to hold."""

import json
import shutil
import time
from pathlib import Path

import pytest

from harness.results.catalogue import Catalogue, Item
from harness.results.folder import ResultFolder
from harness.results.live_document import LiveDocument, write_live
from tests.unit.results_sample import document

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The committed references, and whatever else lies beside results."""
    root = tmp_path / "results"
    shutil.copytree(ROOT / "results", root, ignore=shutil.ignore_patterns("*.parquet", "logs"))
    ResultFolder(root / "quick").write_document(
        document(name="quick", created_at="2020-01-01T00:00:00+00:00")
    )
    (root / "settings").mkdir()
    (root / "settings" / "editor.json").write_text("{}")
    (root / "torn").mkdir()
    (root / "torn" / "result.json").write_text("{")
    return root


def by_path(root: Path) -> dict[str, Item]:
    return {item.path: item for item in Catalogue(root).items()}


def test_kinds_versions_workloads_and_validity(root: Path) -> None:
    found = by_path(root)
    versions, claims, quick = found["versions"], found["claims"], found["quick"]
    assert (versions.kind, versions.validity) == ("matrix", "valid")
    assert versions.versions == ("1.9.13", "1.10.21", "1.11.16", "1.12.22", "1.13.27")
    assert set(versions.workloads) == {"io_bound", "cpu_bound", "pandas_bound", "multi_step"}
    assert claims.kind == "claims"
    assert claims.says == "4 not-testable-here, 20 refuted, 9 supported"
    assert (quick.kind, quick.validity, quick.versions, quick.workloads) == (
        "result", "valid", ("1.13.27",), ("io_bound",),
    )  # fmt: skip
    assert found["claims/cap"].part_of == "claims"
    assert found["versions/round-2-1.9.13"].part_of == "versions"
    assert "settings" not in found


def test_newest_first_and_parts_after_their_whole(root: Path) -> None:
    items = Catalogue(root).items()
    wholes = [item for item in items if not item.part_of]
    assert [item.created_at for item in wholes] == sorted((i.created_at for i in wholes), reverse=True)
    for number, item in enumerate(items):
        if item.part_of:
            before = items[number - 1]
            assert before.path == item.part_of or before.part_of == item.part_of


def test_what_cannot_be_read_is_there_with_its_reason(root: Path) -> None:
    fault = by_path(root)["torn"].fault
    assert "result.json" in fault
    assert "not JSON" in fault


def test_a_matrix_is_as_bad_as_its_worst_round(root: Path) -> None:
    file = root / "versions" / "round-1-1.9.13" / "result.json"
    raw = json.loads(file.read_text())
    raw["validity"] = {"state": "inconclusive", "reasons": []}
    file.write_text(json.dumps(raw))
    assert by_path(root)["versions"].validity == "inconclusive"


def test_a_change_on_disk_is_seen_and_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    catalogue = Catalogue(root)
    ResultFolder(tmp_path / "elsewhere").write_document(document())
    (root / "link").symlink_to(tmp_path / "elsewhere")
    before = {item.path: item for item in catalogue.items()}
    assert "link" not in before
    ResultFolder(root / "quick").write_document(document(created_at="2031-01-01T00:00:00+00:00"))
    shutil.rmtree(root / "torn")
    after = {item.path: item for item in catalogue.items()}
    assert after["quick"].created_at.startswith("2031")
    assert "torn" not in after


def test_what_runs_is_marked_and_so_is_what_it_is_part_of(root: Path) -> None:
    write_live(root / "versions" / "round-1-1.9.13", LiveDocument(written_epoch_seconds=time.time()))
    write_live(root / "quick", LiveDocument(written_epoch_seconds=time.time() - 3600))
    found = by_path(root)
    assert found["versions/round-1-1.9.13"].running
    assert found["versions"].running
    assert not found["quick"].running
