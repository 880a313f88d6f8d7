import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from harness.results.folder import ResultFolder
from tests.unit.cli_support import ROOT, Run
from tests.unit.results_sample import bursts, cell_record, document


@pytest.fixture
def result(tmp_path: Path) -> Path:
    folder = ResultFolder(tmp_path / "sample")
    folder.write_document(document())
    bursts().to_parquet(folder.path / "bursts.parquet")
    return folder.path


def test_help_teaches_and_lists_the_exit_codes(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    for word in ("bench", "claims", "fit", "show", "size", "doctor", "clean", "scenario", "130"):
        assert word in done.stdout


def test_fit_then_show_in_every_format(run: Run, result: Path) -> None:
    assert run("fit", str(result)).returncode == 0
    assert "memory_per_run_bytes" in run("show", str(result)).stdout
    assert "| memory_per_run_bytes |" in run("show", str(result), "--format", "markdown").stdout
    shown = json.loads(run("show", str(result), "--format", "json").stdout)
    assert shown["cells"][0]["constants"][1]["name"] == "memory_per_run_bytes"
    assert (result / "report.md").exists()


def test_fit_never_writes_a_poorer_result_over_a_richer_one(run: Run, result: Path) -> None:
    assert run("fit", str(result)).returncode == 0
    file, table = result / "result.json", result / "bursts.parquet"
    before, whole = file.read_text(), pd.read_parquet(table)

    table.unlink()
    refused = run("fit", str(result))
    assert refused.returncode == 2
    assert "base_cpu_cores" in refused.stderr
    assert "Nothing was written" in refused.stderr

    folder = ResultFolder(result)
    planned = cell_record(planned_bursts=len(whole), constants=folder.read_document().cells[0].constants)
    folder.write_document(folder.read_document().with_cell(planned))
    known = file.read_text()
    whole.head(len(whole) - 1).to_parquet(table)
    refused = run("fit", str(result))
    assert refused.returncode == 2
    assert f"bursts.parquet: has {len(whole) - 1} of the {len(whole)} bursts" in refused.stderr
    assert file.read_text() == known

    whole.to_parquet(table)
    assert run("fit", str(result)).returncode == 0
    assert (
        json.loads(file.read_text())["cells"][0]["constants"] == json.loads(before)["cells"][0]["constants"]
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "nowhere"], 2, "nowhere"),
        (["fit", "nowhere"], 2, "nowhere"),
        (["bench", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["scenario", "check", "README.md"], 2, "README.md"),
        (["bench", "workloads/scenarios/quick.yaml", "--set", "load.repeat=3"], 2, "repeats"),
        (["show", "x", "--format", "pdf"], 2, "pdf"),
    ],
)
def test_bad_input_ends_in_a_clear_line_and_exit_code_2(
    run: Run, arguments: list[str], code: int, words: str
) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_finished_result_is_not_overwritten(run: Run, result: Path) -> None:
    before = (result / "result.json").read_bytes()
    done = run("bench", "workloads/scenarios/quick.yaml", "--out", str(result))
    assert done.returncode == 2
    assert "choose another --out" in done.stderr
    assert (result / "result.json").read_bytes() == before


def test_resuming_with_another_scenario_is_refused(run: Run, result: Path) -> None:
    done = run("bench", "workloads/scenarios/quick.yaml", "--out", str(result), "--resume")
    assert done.returncode == 2
    assert "another scenario" in done.stderr


def test_shipped_scenarios_pass_their_own_checks(run: Run) -> None:
    import yaml

    schema = json.loads(run("scenario", "schema").stdout)
    for file in sorted((ROOT / "workloads" / "scenarios").rglob("*.yaml")):
        done = run("scenario", "check", str(file))
        assert done.returncode == 0, done.stderr
        jsonschema.validate(yaml.safe_load(file.read_text("utf-8")), schema)


def test_doctor_names_what_it_checked(run: Run) -> None:
    done = run("doctor")
    assert done.returncode in (0, 3), done.stderr
    for word in ("cgroup", "uv", "ok"):
        assert word in done.stdout
