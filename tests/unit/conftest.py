import sys

import pytest

from harness.cli.main import main
from tests.unit.cli_support import ROOT, Done, Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process, as `main` does it for users."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(ROOT)

    def run_it(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["dagster-sizing", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        output = capsys.readouterr()
        return Done(code, output.out, output.err)

    return run_it
