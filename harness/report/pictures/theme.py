"""Colours and fonts of all pictures: for light and dark pages, and told apart by the colour-blind.

Categories have the colours of Okabe & Ito (2008), yellow left out, as it is too faint on white.
"""

from __future__ import annotations

from typing import Any

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#999999",
)
CATEGORIES = [BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY]
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def config(dark: bool) -> dict[str, Any]:
    """Vega-Lite's `config` of a theme."""
    ink, faint, paper = ("#e6e9ef", "#3a4150", "#14171d") if dark else ("#1c2330", "#dfe3ea", "#ffffff")
    muted = "#a9b2c3" if dark else "#556070"
    axis = {
        "labelColor": muted,
        "titleColor": muted,
        "gridColor": faint,
        "domainColor": faint,
        "tickColor": faint,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelOverlap": True,
    }
    return {
        "background": paper,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "legend": {
            "labelColor": ink,
            "titleColor": muted,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "labelLimit": 260,
        },
        "header": {"labelColor": ink, "titleColor": muted, "labelFontSize": 12},
        "title": {"color": ink, "fontSize": 14, "anchor": "start", "fontWeight": 600},
        "text": {"color": ink},
        "rule": {"color": muted},
        "range": {"category": CATEGORIES},
        "line": {"strokeWidth": 1.8},
        "point": {"size": 46},
    }
