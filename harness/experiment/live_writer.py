"""What a running experiment shows to whoever looks on: its progress and readings, once a second, on disk."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.experiment.listener import Listener
from harness.observe.source_group import SourceGroup
from harness.results.folder import ResultFolder
from harness.results.live_document import LiveDocument, ReadingRecord, remove_live, write_live

PERIOD_SECONDS = 1.0
KEPT_READINGS = 300
KEPT_BURSTS = 12


class Live:
    """A listener that tells another one everything, and keeps `live.json` in the result folder.

    A thread of its own writes, so that nothing of the measurement waits for it. A file that cannot be written
    ends nothing: looking on is no part of the experiment.
    """

    def __init__(self, folder: ResultFolder, listener: Listener) -> None:
        self._path = folder.path
        self._listener = listener
        self._lock = threading.Lock()
        self._document = LiveDocument(written_epoch_seconds=time.time())
        self._readings: deque[ReadingRecord] = deque(maxlen=KEPT_READINGS)
        self._sources: SourceGroup | None = None
        self._before: dict[str, tuple[float, float]] = {}
        self._ended = threading.Event()

    @contextmanager
    def written(self) -> Iterator[None]:
        """Write until the block is left; nothing stays then."""
        thread = threading.Thread(target=self._write_on, name="live", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            remove_live(self._path)

    @contextmanager
    def reading(self, sources: SourceGroup) -> Iterator[None]:
        """Show what these sources read until the block is left."""
        with self._lock:
            self._sources, self._before = sources, {}
            self._readings.clear()
        try:
            yield
        finally:
            with self._lock:
                self._sources = None

    def cell_started(self, number: int, cells: int, label: str) -> None:
        """Begin the cell anew."""
        fresh = LiveDocument(written_epoch_seconds=time.time())
        with self._lock:
            self._document = fresh.model_copy(
                update={"cell_number": number, "cells": cells, "cell_id": label}
            )
        self._listener.cell_started(number, cells, label)

    def say(self, what: str) -> None:
        """What is happening."""
        self._update(doing=what)
        self._listener.say(what)

    def planned(self, bursts: int, seconds: float) -> None:
        """The plan and its length."""
        self._update(bursts_planned=bursts, bursts_done=0, seconds_left=seconds)
        self._listener.planned(bursts, seconds)

    def burst_done(self, text: str, bursts_left: int, seconds_left: float) -> None:
        """What a burst cost."""
        bursts = (*self._document.bursts, text)[-KEPT_BURSTS:]
        done = self._document.bursts_planned - bursts_left
        self._update(bursts=bursts, bursts_done=done, seconds_left=seconds_left)
        self._listener.burst_done(text, bursts_left, seconds_left)

    def cell_finished(self, label: str) -> None:
        """The end of a cell."""
        self._listener.cell_finished(label)

    def _update(self, **changes: Any) -> None:
        with self._lock:
            self._document = self._document.model_copy(update=changes)

    def _write_on(self) -> None:
        while True:
            try:
                write_live(self._path, self._now())
            except OSError:
                pass  # a full disk breaks the experiment itself, which says so
            except Exception as error:
                self._listener.say(f"whoever looks on sees nothing new from now on: {error!r}")
                return
            if self._ended.wait(PERIOD_SECONDS):
                return

    def _now(self) -> LiveDocument:
        with self._lock:
            if self._sources is not None:
                self._readings += self._read(self._sources)
            changes = {"written_epoch_seconds": time.time(), "readings": tuple(self._readings)}
            return self._document.model_copy(update=changes)

    def _read(self, sources: SourceGroup) -> Iterator[ReadingRecord]:
        for name, (sample, walk) in sources.newest().items():
            if sample is None:
                continue
            at, cpu = float(sample["at_epoch_seconds"] or 0.0), sample["cpu_seconds"]
            before = self._before.get(name)
            if before is not None and before[0] >= at:
                continue  # nothing new
            cores = None
            if cpu is not None:
                if before is not None and float(cpu) >= before[1]:  # else it was started again
                    cores = (float(cpu) - before[1]) / (at - before[0])
                self._before[name] = (at, float(cpu))
            yield ReadingRecord(
                at_epoch_seconds=at,
                replica=name,
                memory_bytes=sample["memory_bytes"],
                cpu_cores=cores,
                runs=None if walk is None else int((walk["role"] == "run").sum()),
            )
