"""What every picture is: a chart, what it shows in words, and where its numbers come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

DIGITS = 6
"""Significant digits of what is drawn; the raw tables have all of them."""


@dataclass(frozen=True)
class Picture:
    """A picture of a page."""

    name: str
    """Of its file and anchor: small letters, digits and dashes."""
    title: str
    text: str
    """The text alternative: what there is to see, with its numbers."""
    source: str
    """File, columns and number of rows it is drawn from."""
    chart: alt.TopLevelMixin

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"{self.name}: a name of small letters, digits and dashes is expected")

    def specification(self) -> dict[str, Any]:
        """The chart as Vega-Lite, its data in `datasets`; its colours and fonts come from a theme."""
        with alt.data_transformers.enable("default", max_rows=None):
            found: dict[str, Any] = self.chart.to_dict()
        found.pop("config", None)
        found.pop("$schema", None)
        return found


def slug(text: str) -> str:
    """Any text as part of a picture's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unnamed"


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with as many digits as a picture can show, so that pages stay small."""
    numeric = [name for name in frame if pd.api.types.is_float_dtype(frame[name])]
    return frame.assign(**{str(name): frame[name].map(_significant) for name in numeric})


def _significant(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
