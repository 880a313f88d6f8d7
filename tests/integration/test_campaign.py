"""The short form of the fault campaign: one case that kills the harness, and one whose disk fills up."""

from pathlib import Path

import pytest

from tests.campaign.__main__ import main
from tests.campaign.faults import FAULTS

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_a_killed_harness_and_a_full_disk_leave_nothing_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [fault.name for fault in FAULTS["process"]]
    numbers = [str(names.index(name)) for name in ("SIGKILL to the harness", "disk full")]
    monkeypatch.setattr("sys.argv", ["campaign", "--out", str(tmp_path), "--case", *numbers])
    assert main() == 0, capsys.readouterr().out
    table = (tmp_path / "campaign.md").read_text()
    assert table.startswith("2 cases; ")
    assert table.count("| nothing |") == 2
