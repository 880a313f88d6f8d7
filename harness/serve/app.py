"""The web application of `dagster-sizing serve`: it reads a folder of results, and changes nothing.

It answers to the names of this machine's loopback only, so that no page from elsewhere can read results
through the browser (DNS rebinding), and opens nothing but folders below its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.errors import HarnessError, InputError, InvalidResultError, ResultError
from harness.report.pages.listing_page import Filters, render_listing, render_message
from harness.report.pages.live_page import live_data, render_live_page
from harness.results.catalogue import Catalogue
from harness.results.folder import ResultFolder
from harness.results.live_document import going_on
from harness.serve.inside import closed, inside

HOSTS = ["127.0.0.1", "localhost"]
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Pages:
    """How folders become pages."""

    report: Callable[[Path], str]
    """Of one folder; errors as HarnessError."""
    compare: Callable[[Sequence[Path], bool], str]
    """Of several, the baseline first; True: even what is not alike. InputError and InvalidResultError where
    that is refused."""


def make_app(root: Path, pages: Pages) -> Starlette:
    """The application for one folder of results."""
    catalogue = Catalogue(root)
    routes = [
        Route("/", partial(_listing, catalogue)),
        Route("/report/{path:path}", partial(_report, root, pages)),
        Route("/compare", partial(_compare, catalogue, pages)),
        Route("/live/{path:path}", partial(_live, root)),
        Route("/live-data/{path:path}", partial(_live_data, root)),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(_Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
        exception_handlers={HTTPException: _http_error, ResultError: _not_there, HarnessError: _refused},
    )


def _listing(catalogue: Catalogue, request: Request) -> Response:
    told = request.query_params
    words = {name: told.get(name, "") for name in ("version", "workload", "validity", "kind")}
    filters = Filters(**words, parts=told.get("parts") == "1")
    return HTMLResponse(render_listing(str(catalogue.root), catalogue.items(), filters))


def _report(root: Path, pages: Pages, request: Request) -> Response:
    return HTMLResponse(pages.report(closed(root, request.path_params["path"])))


def _compare(catalogue: Catalogue, pages: Pages, request: Request) -> Response:
    told = request.query_params.getlist("with")
    if not told:
        raise InputError("name results to compare: tick them in the list")
    made = {item.path: item.created_at for item in catalogue.items()}
    ordered = sorted(told, key=lambda path: made.get(path, ""))
    folders = [closed(catalogue.root, path) for path in ordered]
    force = request.query_params.get("force") == "1"
    try:
        return HTMLResponse(pages.compare(folders, force))
    except (InputError, InvalidResultError) as error:
        anyway = "/compare?" + urlencode({"with": ordered, "force": "1"}, doseq=True)
        link = None if force else (anyway, "Compare all the same; the page will say so")
        return HTMLResponse(render_message("Not compared", str(error), link), status_code=400)


def _live(root: Path, request: Request) -> Response:
    path = request.path_params["path"]
    folder = closed(root, path)
    report = f"/report/{quote(path)}"
    live = going_on(folder)
    if live is None:
        return RedirectResponse(report, status_code=302)
    document = ResultFolder(folder).read_document()
    return HTMLResponse(render_live_page(document, live, f"/live-data/{quote(path)}", report))


def _live_data(root: Path, request: Request) -> Response:
    live = going_on(inside(root, request.path_params["path"]))
    return JSONResponse({"ended": True} if live is None else live_data(live))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return HTMLResponse(
        render_message(str(error.status_code), error.detail), error.status_code, error.headers
    )


async def _not_there(request: Request, error: Exception) -> Response:
    return HTMLResponse(render_message("Not there", str(error)), status_code=404)


async def _refused(request: Request, error: Exception) -> Response:
    return HTMLResponse(render_message("Cannot be shown", str(error)), status_code=400)


class _Headers:
    """Adds what browsers should know to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)
