"""Reads whole series from a Prometheus, a chunk of time after another, so that no answer is large."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from harness.errors import InputError, MachineError
from harness.metrics.prometheus_client import PrometheusClient, RefusedQueryError, Series, TooMuchError
from harness.metrics.source import Array, Readings

FIRST_SECONDS = 6 * 3600.0
LONGEST_SECONDS = 48 * 3600.0
SHORTEST_SECONDS = 60.0
SAMPLES = 200_000
"""That an answer should hold: some 7 MB of text, and some 40 MB while it is parsed."""
_FASTEST_GROWTH = 4.0
_GAP = 2.5
"""Usual distances of readings that are a gap."""


class ChunkReader:
    """Reads metrics over one time; chunks are as long as the answers before them let expect."""

    def __init__(self, client: PrometheusClient, since: float, until: float) -> None:
        self._client = client
        # Stamps are whole milliseconds.
        self._since, self._until = np.floor(since * 1000) / 1000, np.ceil(until * 1000) / 1000
        self._seconds = FIRST_SECONDS

    def read(self, metric: str, select: str) -> list[Series]:
        """Every sample of a metric once, ascending.

        Args:
            metric: its name.
            select: matchers of labels, without braces.

        Raises:
            InputError: the server refuses what was selected, or cannot be read.
            MachineError: it does not answer, or not even for a minute of the series.
        """
        pieces: dict[tuple[tuple[str, str], ...], list[Readings]] = {}
        at = self._since
        while at < self._until:
            end = min(at + self._seconds, self._until)
            try:
                found = self._client.samples(f"{metric}{{{select}}}", at, end)
            except RefusedQueryError as error:
                raise refused(select, self._client, error) from None
            except TooMuchError as error:
                self._halve(metric, select, error)
                continue
            for series in found:
                pieces.setdefault(tuple(sorted(series.labels.items())), []).append(series.readings)
            self._adapt(sum(len(series.readings.at) for series in found), end - at)
            at = end
        # What lies on a border of two chunks may be in both.
        return [Series(dict(labels), joined(parts)) for labels, parts in pieces.items()]

    def _adapt(self, samples: int, seconds: float) -> None:
        fitting = seconds * SAMPLES / max(samples, 1)
        fastest = min(self._seconds * _FASTEST_GROWTH, LONGEST_SECONDS)
        self._seconds = min(max(fitting, SHORTEST_SECONDS), fastest)

    def _halve(self, metric: str, select: str, error: TooMuchError) -> None:
        if self._seconds <= SHORTEST_SECONDS:
            raise MachineError(
                f"--select {select}: {self._client.name} cannot give {metric} of {self._seconds:.0f} s "
                f"({error}); select fewer containers, or raise its limits"
            )
        self._seconds = max(self._seconds / 2, SHORTEST_SECONDS)


def refused(select: str, client: PrometheusClient, error: RefusedQueryError) -> InputError:
    """The error for a selection of which the server makes nothing."""
    return InputError(f"--select {select}: {client.name} refuses it: {error}")


def joined(parts: Iterable[Readings]) -> Readings:
    """Readings one after another, ascending, each stamp once: the first of those with the same."""
    parts = list(parts)
    at = np.concatenate([part.at for part in parts])
    values = np.concatenate([part.values for part in parts])
    if np.all(np.diff(at) > 0):
        return Readings(at, values)
    stamps, first = np.unique(at, return_index=True)
    return Readings(stamps, values[first])


def together(rivals: Iterable[Readings]) -> Readings:
    """One series of several that are of the same thing, such as of two servers that both scrape it.

    The fullest counts; of the others, what lies where it has no readings: mixed, counters would seem to fall.

    Args:
        rivals: at least one, each with readings.
    """
    fullest, *others = sorted(rivals, key=lambda one: -len(one.at))
    for other in others:
        apart = float(np.median(np.diff(fullest.at))) if len(fullest.at) > 1 else 0.0
        new = _is_uncovered(other.at, fullest.at, apart)
        if new.any():
            fullest = joined([fullest, Readings(other.at[new], other.values[new])])
    return fullest


def _is_uncovered(at: Array, fullest: Array, apart: float) -> NDArray[np.bool_]:
    """Which instants are in a gap of others that ascend, or before or after them all."""
    after = np.searchsorted(fullest, at).clip(0, len(fullest) - 1)
    before = (after - 1).clip(0)
    distance = np.minimum(np.abs(fullest[after] - at), np.abs(fullest[before] - at))
    inside = (at > fullest[0]) & (at < fullest[-1])
    covered = inside & (fullest[after] - fullest[before] <= _GAP * apart)
    new: NDArray[np.bool_] = ~covered & (distance > apart / 2)
    return new
