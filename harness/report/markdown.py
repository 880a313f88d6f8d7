"""A result as Markdown, for pull requests and for `report.md`."""

from __future__ import annotations

from harness.report import levels, observed_text, text
from harness.results.result_document import ResultDocument


def render_markdown(document: ResultDocument, courses: levels.Courses) -> str:
    """The whole result as one Markdown page.

    Args:
        document: with its levels.
        courses: memory over time, by cell; may be empty.
    """
    lines = [f"# {document.name}", "", f"Result: **{text.headline(document)}**", ""]
    lines += [_origin(document), ""]
    lines += [f"- {line}" for line in text.reasons(document)]
    if document.observed is not None:
        lines += ["", *markdown_table(observed_text.lives_table(document.observed)), ""]
        if document.cells and document.cells[0].levels:
            lines += [*markdown_table(observed_text.levels_table(document.cells[0])), ""]
        lines += [f"- {line}" for line in observed_text.lines(document.observed)]
    for cell in document.cells:
        lines += ["", f"## {cell.workload}", "", text.setting(cell), ""]
        if cell.constants:
            lines += markdown_table(text.constants_table(cell))
        lines += ["", *told, ""] if (told := text.design(document.scenario, cell)) else []
        if document.observed is not None:
            continue
        lines += ["", " ".join(begun), ""] if (begun := text.start(cell)) else []
        lines += ["", *(f"- {line}" for line in text.events(cell)), ""] if cell.events else []
        if cell.replicas > 1:
            lines += ["", "Code servers, over all bursts:", "", *markdown_table(levels.replicas(cell))]
        if not cell.levels:
            lines += ["No burst measured yet."]
            continue
        lines += ["", "Peak memory by every measure (means over the bursts of a level):", ""]
        lines += markdown_table(levels.memory(cell))
        if line := levels.course(cell, courses):
            lines += ["", line]
        if (parts := text.peak_table(cell))[1]:
            lines += ["", f"{text.PEAK} (the highest moment of the burst with the most memory):", ""]
            lines += markdown_table(parts)
        lines += ["", "Work (means over the bursts of a level):", ""]
        lines += markdown_table(levels.work(cell))
        if (pings := text.pings_table(cell))[1]:
            lines += ["", "Pings beside the bursts (means over the bursts of a level):", ""]
            lines += markdown_table(pings)
    lines += ["", "What each constant means:", ""]
    seen = {constant.name: constant for cell in document.cells for constant in cell.constants}
    lines += [f"- `{c.name}`: {c.meaning} From {c.source}." for c in seen.values()]
    return "\n".join(lines) + "\n"


def _origin(document: ResultDocument) -> str:
    if document.observed is not None:
        return f"Observed {document.created_at}: {observed_text.headline(document.observed)}."
    return f"Measured {document.created_at} on {document.fingerprint.in_a_line}; stack: {document.stack}."


def markdown_table(table: text.Table) -> list[str]:
    """A table as Markdown lines."""
    header, rows = table
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    lines = ["| " + " | ".join(row) + " |" for row in escaped]
    return [lines[0], "|" + " --- |" * len(header), *lines[1:]]
