"""The documents: generated pages are as the code says, links lead on, commands and outputs are real."""

import enum
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from harness.cli.exit_codes_reference import render_exit_codes
from harness.cli.main import app
from harness.compare.constants_reference import render_constants_reference
from harness.errors import EXIT_CODES
from harness.model.constants import CONSTANTS
from harness.report.claims_reference import render_claims_reference
from harness.results.claims_document import read_claims
from harness.scenario.model import Scenario
from harness.scenario.reference import render_scenario_reference
from harness.scenario.schema import json_schema
from tests.unit.cli_support import ROOT, Run
from tests.unit.documents import DOCS, DOCUMENTS, anchors_of, blocks_of, commands_of, links_of

README = ROOT / "README.md"
GENERATED: dict[str, Callable[[], str]] = {
    "scenario.md": render_scenario_reference,
    "constants.md": render_constants_reference,
    "exit-codes.md": render_exit_codes,
    "claims.md": lambda: render_claims_reference(read_claims(ROOT / "results" / "claims")),
}


@pytest.mark.parametrize("page", GENERATED)
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == GENERATED[page](), "write it anew: make docs"


def test_make_docs_writes_every_generated_page() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ndocs:")[2].partition("\n\n")[0]
    written = {page.name for page in DOCS.glob("*.md") if "Do not edit" in page.read_text("utf-8")}
    assert written == {*GENERATED, "result-format.md"}
    for page in written:
        told = re.search(r"Written by `python -m ([\w.]+)( \S+)?`", (DOCS / page).read_text("utf-8"))
        assert told is not None
        assert f"-m {told[1]}{told[2] or ''} >docs/{page}" in recipe


def test_every_field_of_a_scenario_has_a_meaning() -> None:
    sections = [json_schema(), *json_schema()["$defs"].values()]
    fields = [field for section in sections for field in section["properties"].items()]
    assert len(fields) > 50
    assert not [name for name, field in fields if not field.get("description")]
    page = render_scenario_reference()
    assert all(f"| `{name}` |" in page for name in Scenario.model_fields)


def test_every_constant_and_exit_code_is_on_its_page() -> None:
    constants, codes = (DOCS / "constants.md").read_text("utf-8"), (DOCS / "exit-codes.md").read_text("utf-8")
    assert all(constants.count(f"`{name}`") == 1 + one.compared for name, one in CONSTANTS.items())
    assert all(f"| {code} |" in codes for code in EXIT_CODES)


def test_the_readme_is_short() -> None:
    assert README.read_text("utf-8").count("\n") <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_every_link_leads_to_what_is_there(document: Path) -> None:
    for link in links_of(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_the_readme_leads_to_every_page() -> None:
    pages = {f"docs/{page.name}" for page in DOCS.glob("*.md")}
    assert pages <= set(links_of(README))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_every_command_exists_with_its_options(document: Path) -> None:
    for words in commands_of(document):
        check_make(words[1:]) if words[0] == "make" else check_command(words[1:])


def check_make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    scripts = makefile + "".join(file.read_text("utf-8") for file in (ROOT / ".ci").iterdir())
    for word in words:
        variable, is_set, _ = word.partition("=")
        if is_set:
            assert re.search(rf"\$[({{]{variable}\b", scripts), words
        else:
            assert re.search(rf"^{word}:", makefile, re.MULTILINE), words


def check_command(words: list[str]) -> None:
    """Walk down the groups, and let the command's own parser read the rest."""
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "get_command"):
        if words[0].startswith("-"):
            break
        name, *words = words
        found = command.get_command(None, name)
        assert found is not None, f"no command {name}"
        command = found
    context = command.make_context(command.name, [], resilient_parsing=True)
    values, too_many, _ = command.make_parser(context).parse_args(args=list(words))
    assert not too_many, words
    for parameter in command.params:
        value = values.get(parameter.name)
        kind = parameter.type_descriptor.annotation
        if isinstance(value, str) and isinstance(kind, type) and issubclass(kind, enum.Enum):
            assert value in [one.value for one in kind], words


def test_the_outputs_in_the_readme_are_real(run: Run, tmp_path: Path) -> None:
    """But for the trial, which takes ten minutes."""
    told = [block.text for block in blocks_of(README) if block.language == "console"]
    assert len(told) == 3
    for text in told:
        command, *lines = text.splitlines()
        words = (
            command.removeprefix("$ dagster-sizing ").replace("sizes/example", str(tmp_path / "size")).split()
        )
        if words[0] == "try":
            continue
        done = run(*words)
        assert done.returncode == 0, done.stderr
        real = {" ".join(line.split()) for line in done.stdout.splitlines()}
        headed = {line.removesuffix(" remark").removesuffix(" decided by") for line in real}
        for line in filter(None, lines):
            assert " ".join(line.split()) in real | headed, line


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """As `make docs` does; the links of the site are checked by its generator."""
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-n",
        "--keep-going",
        "-c",
        "docs",
        ".",
        str(tmp_path / "site"),
    ]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in (README, *DOCS.glob("*.md")):
        built = tmp_path / "site" / page.relative_to(ROOT).with_suffix(".html")
        assert "<h1>" in built.read_text("utf-8"), page
