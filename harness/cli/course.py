"""Memory over time as a result's text shows it, read from its folder."""

from __future__ import annotations

from harness.report.bars import POINTS
from harness.results.folder import ResultFolder
from harness.views.course import COURSE_COLUMNS, memory_courses


def courses_of(folder: ResultFolder) -> dict[str, list[float]]:
    """By cell; none where the folder has no samples.

    Raises:
        ResultError: a file is damaged.
    """
    return memory_courses(folder.columns("samples", COURSE_COLUMNS), POINTS)
