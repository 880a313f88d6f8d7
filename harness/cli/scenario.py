"""`dagster-sizing scenario`: check a scenario file, or print what it may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.scenario.cells import cells_of
from harness.scenario.load import load_scenario
from harness.scenario.schema import json_schema

app = typer.Typer(help="Check scenario files and print their JSON Schema.", no_args_is_help=True)


@app.command()
def check(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a field, as in bench.")
    ] = None,
) -> None:
    """Check a scenario file and say what it would measure; nothing is started."""
    scenario = load_scenario(scenario_file, overrides or ()).scenario
    cells = cells_of(scenario)
    bursts = len(scenario.load.levels) * scenario.load.repeats
    fixed = scenario.load.width is None and scenario.load.design == "balanced"
    most = "" if fixed else "at most "
    typer.echo(f"{scenario_file}: fine; {len(cells)} cells of {most}{bursts} bursts each, after warm-up:")
    for cell in cells:
        typer.echo(f"  {cell.cell_id}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files; editors use it to complete and check them."""
    typer.echo(json.dumps(json_schema(), indent=2))
