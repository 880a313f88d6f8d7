"""Pictures as files, for READMEs and slides: no browser is needed."""

from __future__ import annotations

from typing import Any

import vl_convert

from harness.report.pictures.picture import Picture
from harness.report.pictures.theme import config

VEGA_LITE = "6.4"
"""What Altair writes; see `altair.SCHEMA_VERSION`."""
WIDTH = 760
"""Pixels, where a picture takes the width of the page it is on."""
SCALE = 2.0
"""Pixels of a PNG for each of the picture."""


def svg(picture: Picture) -> str:
    """The picture as SVG, with its title, on white."""
    found: str = vl_convert.vegalite_to_svg(_titled(picture), vl_version=VEGA_LITE, config=config(dark=False))
    return found


def png(picture: Picture) -> bytes:
    """The picture as PNG, with its title, on white."""
    found: bytes = vl_convert.vegalite_to_png(
        _titled(picture), vl_version=VEGA_LITE, config=config(dark=False), scale=SCALE
    )
    return found


def _titled(picture: Picture) -> dict[str, Any]:
    specification = picture.specification()
    if specification.get("width") == "container":
        specification["width"] = WIDTH
    return specification | {"title": picture.title, "padding": 12}
