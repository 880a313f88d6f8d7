"""How the documents become a site: `make docs`. The README is its first page."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "dagster-sizing"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md"),
    *("results/README.md", "results/claims/claims.md", "results/versions/comparison.md"),
]
exclude_patterns = [".*", "build", "harness", "tests", "workloads", "compose"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # the comparison is a pull-request comment, and begins at the third level


def menu_of(readme: str) -> str:
    """The site's menu, from the README's table of pages: a caption for each column, an entry a link."""
    head, _, *rows = re.findall(r"^\|(.+)\|$", readme.partition("\n## Documentation\n")[2], re.MULTILINE)
    columns = zip(*([cell.strip() for cell in row.split("|")] for row in (head, *rows)), strict=True)
    parts = []
    for caption, *cells in columns:
        pages = re.findall(r"\(([\w/-]+)\.md\)", " ".join(cells))
        listed = "\n".join(pages)
        parts.append(f"```{{toctree}}\n:hidden:\n:caption: {caption.capitalize()}\n\n{listed}\n```\n")
    return "\n".join(parts)


def add_menu(app: Sphinx, page: str, source: list[str]) -> None:
    """A forge shows the README as it is, and would show a menu as code."""
    if page == root_doc:
        source[0] += "\n" + menu_of(source[0])
    elif page.startswith("results/") and page != "results/README":
        source[0] = "---\norphan: true\n---\n\n" + source[0]  # reached from pages, not from the menu


def write_index(app: Sphinx, failure: Exception | None) -> None:
    """The name that servers of files look for."""
    if failure is None:
        leads = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">'
        Path(app.outdir, "index.html").write_text(
            f"<!doctype html>{leads}<title>{project}</title>\n", "utf-8"
        )


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_menu)
    app.connect("build-finished", write_index)
