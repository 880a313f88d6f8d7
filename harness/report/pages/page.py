"""The frame of every page: style, scripts and pictures inside one HTML file that needs nothing else.

The page forbids itself every request, and every script but its own by their hashes (Content-Security-Policy).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import harness
from harness.report.pictures.picture import Picture
from harness.report.pictures.still import VEGA_LITE
from harness.report.pictures.theme import config
from harness.report.text import Table


@dataclass(frozen=True)
class Titled:
    """A table with a title."""

    title: str
    table: Table
    note: str = ""
    """Where its numbers come from, or what else a reader should know."""


@dataclass(frozen=True)
class Section:
    """A part of a page that can be linked to."""

    name: str
    """Of its anchor; unique on the page."""
    title: str
    lead: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Titled, ...] = ()
    notes: tuple[str, ...] = ()
    look: Literal["", "words", "panels"] = ""
    """`words`: its tables hold words more than figures; `panels`: its pictures are small, side by side."""


def render(
    template: str,
    title: str,
    sections: tuple[Section, ...],
    context: Mapping[str, Any],
    scripts: tuple[str, ...],
    requests: bool = False,
) -> str:
    """A whole page.

    Args:
        template: in `templates`; it extends `page.html.j2` and fills its first screen.
        title: of the window, and the heading.
        sections: below the first screen.
        context: what else the template needs.
        scripts: in `assets`, that run beside `page.js`.
        requests: whether they may ask the server that the page is from.
    """
    own = [Markup(_asset(name)) for name in ("page.js", *scripts)]
    code = [Markup(_bundle()), *own] if any(one.pictures for one in sections) else own
    page: str = (
        _environment()
        .get_template(template)
        .render(
            title=title,
            sections=sections,
            style=Markup(_asset("page.css")),
            code=code,
            hashes=[_hash(one) for one in code],
            requests=requests,
            themes={"light": config(dark=False), "dark": config(dark=True)},
            harness_version=harness.__version__,
            **context,
        )
    )
    return page


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment


@cache
def _asset(name: str) -> str:
    return (files("harness.report.pages") / "assets" / name).read_text("utf-8")


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script."""
    code: str = vl_convert.javascript_bundle(  # type: ignore[call-arg]  # its stub wants a snippet
        vl_version=VEGA_LITE
    )
    return code.replace("</script", "<\\/script")


@cache
def _hash(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
