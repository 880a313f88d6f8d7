"""`dagster-sizing init`: write a scenario file for one's own project, from options or from answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.errors import InputError
from harness.scenario.load import load_scenario
from harness.scenario.new_file import Project, scenario_text

_ASKED = "Asked for on a terminal."
_KINDS = ("python_file", "module", "package")


def init(
    scenario_file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Where to write it.")] = Path(
        "scenario.yaml"
    ),
    python_file: Annotated[
        str, typer.Option(help=f"File that holds your definitions. {_ASKED}", show_default=False)
    ] = "",
    module: Annotated[str, typer.Option(help="Module that holds them, instead.", show_default=False)] = "",
    package: Annotated[str, typer.Option(help="Package that holds them, instead.", show_default=False)] = "",
    image: Annotated[
        str,
        typer.Option(
            help="Container image that has them, with Dagster; for --stack compose or kubernetes.",
            show_default=False,
        ),
    ] = "",
    working_directory: Annotated[
        str, typer.Option(help="Folder that the server starts in.", show_default=False)
    ] = "",
    requirement: Annotated[
        list[str] | None,
        typer.Option(
            help="What the code needs besides Dagster. May be given several times.", show_default=False
        ),
    ] = None,
    job: Annotated[
        list[str] | None,
        typer.Option(help=f"Job to measure. May be given several times. {_ASKED}", show_default=False),
    ] = None,
    dagster: Annotated[
        str, typer.Option(metavar="VERSION", help="Version of Dagster.", show_default="the newest known")
    ] = "",
    cpus: Annotated[str, typer.Option(help="CPU limit of your code server.")] = "2",
    memory: Annotated[str, typer.Option(help="Memory limit of your code server.")] = "2GiB",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="DAGSTER_GRPC_MAX_WORKERS.", show_default="not set"),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the scenario.", show_default="that of the file")] = "",
) -> None:
    """Write a scenario file for your own project, check it, and say what to do next.

    On a terminal it asks for what the options do not say: `dagster-sizing init`. Elsewhere, name the code and
    a job: `dagster-sizing init etl.yaml --module etl.definitions --job nightly --memory 4GiB`.
    """
    if scenario_file.exists():
        raise InputError(f"{scenario_file}: is there already; name another file, or edit it")
    given = {kind: value for kind, value in zip(_KINDS, (python_file, module, package), strict=True) if value}
    if len(given) > 1:
        raise InputError(f"--{' and --'.join(given)}: one of them is expected".replace("_", "-"))
    project = Project(
        name=name or scenario_file.stem,
        target=next(iter(given.items())) if given else _asked_target(),
        jobs=tuple(job or _asked_jobs()),
        image=image,
        working_directory=working_directory,
        requirements=tuple(requirement or ()),
        version=dagster,
        cpus=cpus,
        memory=memory,
        workers=workers,
    )
    _write_checked(scenario_file, scenario_text(project))
    typer.echo(
        f"{scenario_file} is written\nnext: dagster-sizing doctor; dagster-sizing bench {scenario_file}"
        + (" --stack compose" if image else "")
    )


def _write_checked(path: Path, text: str) -> None:
    """Keep the file only if it loads; the message is that of whoever loads it."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another place") from None
    try:
        load_scenario(path)
    except InputError:
        path.unlink()
        raise


def _asked_target() -> tuple[str, str]:
    told = _ask("Python file or module that holds your Dagster definitions", "--python-file or --module")
    return ("python_file", told) if told.endswith(".py") else ("module", told)


def _asked_jobs() -> list[str]:
    return [one.strip() for one in _ask("Jobs to measure, with commas between them", "--job").split(",")]


def _ask(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise InputError(f"{option} is missing, and there is no terminal to ask on")
    return str(typer.prompt(question))
