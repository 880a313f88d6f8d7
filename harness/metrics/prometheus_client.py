"""Asks a Prometheus, or what answers as one does, over HTTP; one line says what is wrong with an answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import numpy as np
import requests

from harness.errors import HarnessError, InputError, MachineError
from harness.metrics.source import Readings
from harness.web_session import is_here, web_session

HEADER_OPTION = "--metrics-header"
CA_OPTION = "--metrics-ca"
_HEADER_EXAMPLE = (
    f"{HEADER_OPTION} Authorization=NAME (an environment variable that holds `Bearer` and a token)"
)

CONNECT_SECONDS = 10.0
TIMEOUT_SECONDS = 130.0
"""Between two pieces of an answer; a Prometheus ends a query itself after two minutes."""
WHOLE_SECONDS = 300.0
"""For one whole answer, however slowly it comes."""
MOST_BYTES = 24 * 1024**2
"""Of one answer; as Python's objects it takes ten times as much."""
WAITS = (1.0, 4.0)
"""Seconds before a question is put again that found the server busy, or was broken off."""

_EXAMPLES = "such as http://127.0.0.1:9090 or https://HOST/prometheus"
_LONGEST_ADDRESS = 1500
"""Characters of a question in the address; longer ones are posted, which not every proxy lets by."""
_BUSY = (429, 500, 502, 503)
_TOO_MUCH = re.compile(
    r"too many samples|max-chunks|max-fetched|chunks limit|limit of fetched|exceeds? the limit|too large|"
    r"max-estimated|timed out|timeout|exceeded the",
    re.IGNORECASE,
)
"""What Prometheus, Thanos and Mimir say of a question that is too large; they might answer a part of it."""
_ERRNO = re.compile(r"\[Errno -?\d+\] ([A-Za-z][\w ,-]*)")

_LONGEST_HARMLESS = 5
"""Characters of what is no token for sure."""

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Series:
    """One series with its labels, its name among them."""

    labels: Labels
    readings: Readings


class TooMuchError(Exception):
    """One answer would be more than the server or we take at once; a part of it may be asked for."""


class RefusedQueryError(Exception):
    """The server makes nothing of a question; the text is its own, on one line."""


class PrometheusClient:
    """Puts questions to the HTTP API; not safe to share between threads."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        verify: str | bool | None = None,
    ) -> None:
        """Prepare a client; it connects when it is first used.

        Args:
            url: what `/api/v1` follows; a path is kept.
            headers: sent with every question, such as a token; their values are never shown.
            verify: file with certificates to trust; None for those of the system.

        Raises:
            InputError: `url` is not an address, or holds a password.
        """
        self.url, host = _base(url)
        self.name = f"prometheus {self.url}"
        self.say: Callable[[str], None] = lambda _line: None
        """Is told what the server warns of, each once."""
        self._warned: set[str] = set()
        parts = (part for value in headers.values() for part in (value, *value.split()))
        # A short one is the name of a tenant, and part of many words.
        self._secrets = tuple(part for part in parts if len(part) > _LONGEST_HARMLESS)
        self._sent = bool(headers)
        self._verify = verify
        # Packing would only cost a server on this machine its time.
        packed = {"Accept-Encoding": "identity"} if is_here(host) else {}
        self._session = web_session(packed | dict(headers), through_proxy=not is_here(host))

    def series(self, matches: Sequence[str], since: float, until: float) -> list[Labels]:
        """Labels of every series that one of the selectors chooses and that has samples in a time.

        Prometheus looks at whole chunks of some hours, so that some may have none in it.

        Raises:
            as `samples`.
        """
        data = self._ask(
            "series",
            [("match[]", one) for one in matches] + [("start", f"{since:.3f}"), ("end", f"{until:.3f}")],
        )
        return [self._labels(one) for one in self._expect(list, data)]

    def samples(self, selector: str, since: float, until: float) -> list[Series]:
        """Every sample as it is stored, with its own stamp, in [since, until]; NaN and infinities left out.

        A range selector of an instant query gives those; query_range would repeat values on a grid.

        Raises:
            TooMuchError: ask for a shorter time.
            RefusedQueryError: the server refuses the selector.
            InputError: no access, or what answers is no Prometheus.
            MachineError: no answer.
        """
        # One ms more: since Prometheus 3, a sample that is exactly as old as the range is long is not in it.
        milliseconds = round((until - since) * 1000) + 1
        query = [("query", f"{selector}[{milliseconds}ms]"), ("time", f"{until:.3f}")]
        found = []
        for one in self._result(query, "matrix"):
            at, values = self._pairs(self._expect(list, one.get("values", [])))
            kept = np.isfinite(values) & (at >= since) & (at <= until)
            if kept.any():
                found.append(Series(self._labels(one.get("metric")), Readings(at[kept], values[kept])))
        return found

    def vector(self, query: str, at: float) -> list[tuple[Labels, float]]:
        """What a query gives for one instant.

        Raises:
            as `samples`.
        """
        rows = self._result([("query", query), ("time", f"{at:.3f}")], "vector")
        return [
            (self._labels(row.get("metric")), self._pairs([row.get("value")])[1][0].item()) for row in rows
        ]

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def not_prometheus(self, why: str) -> InputError:
        """The error for an answer that no Prometheus gives."""
        return InputError(
            self._line(
                f"{self.name}: not an answer of Prometheus ({why}); give its base address, {_EXAMPLES}"
            )
        )

    def _result(self, query: list[tuple[str, str]], kind: str) -> list[dict[str, Any]]:
        data = self._expect(dict, self._ask("query", query))
        if data.get("resultType") != kind:
            raise self.not_prometheus(f"resultType {str(data.get('resultType'))[:40]!r} instead of {kind!r}")
        return [self._expect(dict, one) for one in self._expect(list, data.get("result"))]

    def _ask(self, what: str, query: list[tuple[str, str]]) -> Any:
        for wait in (*WAITS, None):
            try:
                return self._ask_once(what, query)
            except _AgainError as error:
                if wait is None:
                    raise MachineError(self._line(f"{self.name}: {error}")) from None
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _ask_once(self, what: str, query: list[tuple[str, str]]) -> Any:
        url = f"{self.url}/api/v1/{what}"
        short = sum(len(name) + len(value) for name, value in query) < _LONGEST_ADDRESS
        try:
            with self._session.request(
                "GET" if short else "POST",
                url,
                params=query if short else None,
                data=None if short else query,
                timeout=(CONNECT_SECONDS, TIMEOUT_SECONDS),
                stream=True,
                # Followed, it would hand the token to whatever host it names.
                allow_redirects=False,
                # Here, as one of the session is replaced by REQUESTS_CA_BUNDLE.
                verify=self._verify,
            ) as response:
                return self._data(response, _text(response))
        except requests.exceptions.InvalidHeader:
            # The error's own text holds the value of the header.
            raise InputError(
                f"{self.name}: a header has characters that none may have; see {HEADER_OPTION}"
            ) from None
        except (requests.RequestException, ValueError, OSError) as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> Exception:
        text = str(error)
        if isinstance(error, requests.exceptions.SSLError):
            return InputError(
                f"{self.name}: its certificate is not trusted; name the file with the certificate of who "
                f"signed it: {CA_OPTION} FILE"
            )
        if "CA certificate bundle" in text:
            return InputError(f"{CA_OPTION}: no such file with certificates")
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return _AgainError(f"cannot be reached within {CONNECT_SECONDS:.0f} s; check the address")
        if isinstance(error, requests.exceptions.Timeout):
            return MachineError(f"{self.name}: no answer within {TIMEOUT_SECONDS:.0f} s; is it overloaded?")
        if isinstance(error, requests.exceptions.ProxyError):
            return MachineError(
                f"{self.name}: the proxy does not answer; check HTTPS_PROXY, or name the host in NO_PROXY"
            )
        found = _ERRNO.search(text)
        why = found[1].strip() if found else "the connection broke off"
        return _AgainError(f"does not answer ({why}); check the address and that it runs")

    def _data(self, response: requests.Response, text: bytes) -> Any:
        status = response.status_code
        if status in (401, 403):
            raise InputError(f"{self.name}: refuses access (HTTP {status}); {self._access()}")
        if response.is_redirect:
            # The query of such an address may hold what a login page is to be told.
            address = response.headers["location"].split("?")[0]
            raise self.not_prometheus(f"HTTP {status} leads to {address}")
        if status == 404:
            raise self.not_prometheus("HTTP 404: there is nothing at /api/v1")
        if status == 504:
            raise TooMuchError("a proxy before it did not wait for the answer (HTTP 504)")
        body = self._body(response, text)
        if body.get("status") == "success" and status < 400:
            self._pass_on_warnings(body)
            return body.get("data")
        said = self._line(str(body.get("error") or f"HTTP {status}"))
        # 503 with JSON is a query that took too long; one without is a server that starts.
        if body.get("errorType") == "timeout" or (status in (413, 422, 500, 503) and _TOO_MUCH.search(said)):
            raise TooMuchError(said)
        if status in _BUSY:
            raise _AgainError(f"is busy or starts (HTTP {status}: {said}); try again later")
        raise RefusedQueryError(said)

    def _body(self, response: requests.Response, text: bytes) -> dict[str, Any]:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            if response.status_code in _BUSY:
                raise _AgainError(
                    f"is busy or starts (HTTP {response.status_code}); try again later"
                ) from None
            kind = response.headers.get("content-type", "nothing").split(";")[0]
            json_like = text.lstrip()[:1] in (b"{", b"[")
            what = "JSON that breaks off" if json_like else f"{kind} instead of JSON"
            raise self.not_prometheus(f"HTTP {response.status_code} with {what}") from None
        whole: dict[str, Any] = self._expect(dict, body)
        return whole

    def _pass_on_warnings(self, body: Mapping[str, Any]) -> None:
        warnings = body.get("warnings")
        for one in warnings if isinstance(warnings, list) else []:
            line = self._line(f"{self.name} warns: {one}")
            if line not in self._warned:
                self._warned.add(line)
                self.say(line)

    def _access(self) -> str:
        if self._sent:
            return f"what {HEADER_OPTION} names is not enough: give a token that may read metrics"
        return f"send a token with {_HEADER_EXAMPLE}"

    def _labels(self, labels: object) -> Labels:
        if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
            raise self.not_prometheus("labels that are none")
        return labels

    def _pairs(self, pairs: list[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Stamps and values of [[stamp, "value"], ...]."""
        try:
            at = np.fromiter((stamp for stamp, _ in pairs), np.float64, len(pairs))
            return at, np.fromiter((float(value) for _, value in pairs), np.float64, len(pairs))
        except (TypeError, ValueError, OverflowError):
            raise self.not_prometheus("samples that are no pairs of a stamp and a number") from None

    def _expect(self, kind: type, value: Any) -> Any:
        if not isinstance(value, kind):
            raise self.not_prometheus(
                f"JSON of another shape: {type(value).__name__} instead of {kind.__name__}"
            )
        return value

    def _line(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:500]


class _AgainError(HarnessError):
    """The same question may be answered later; the text follows the server's name."""


def _text(response: requests.Response) -> bytes:
    """The answer's text, undone of compression.

    Raises:
        TooMuchError: it is too long, or takes too long.
    """
    deadline = time.monotonic() + WHOLE_SECONDS
    pieces, length = [], 0
    for piece in response.iter_content(1 << 16):
        pieces.append(piece)
        length += len(piece)
        if length > MOST_BYTES:
            raise TooMuchError(f"an answer of more than {MOST_BYTES >> 20} MiB")
        if time.monotonic() > deadline:
            raise TooMuchError(f"an answer that takes more than {WHOLE_SECONDS:.0f} s")
    return b"".join(pieces)


def _base(url: str) -> tuple[str, str]:
    """What `/api/v1` follows, and its host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"--metrics prometheus=: not an address ({error}); give one {_EXAMPLES}") from None
    if parts.username is not None or parts.password is not None:
        # Whoever may list processes sees the command line; and it would be in every error.
        raise InputError(
            "--metrics: a password in the address can be seen by others; take it out, and send it with "
            f"{HEADER_OPTION} Authorization=NAME"
        )
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise InputError(f"--metrics prometheus={url[:200]}: a whole address is expected, {_EXAMPLES}")
    # What people copy from the bar of a browser.
    path = re.sub(r"/(api/v1(/.*)?|graph|query|targets)?$", "", parts.path.rstrip("/"))
    return SplitResult(parts.scheme, parts.netloc, path, "", "").geturl(), host
