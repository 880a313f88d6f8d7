"""The harness's side of a sampler: starts reading it, asks it, and hands out what it read as tables."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pandas as pd

from harness.errors import ExperimentError
from harness.observe.host import HostTimes
from harness.observe.source import AT, Abilities, Newest, Readings, SourceState, processes_frame

ANSWER_SECONDS = 20.0


class Channel(Protocol):
    """Two-way line stream to a sampler that runs beside its code server; what `harness.stack` gives."""

    def send(self, line: str) -> None:
        """Write one line to the sampler."""
        ...

    def lines(self) -> Iterable[str]:
        """Yield the sampler's lines until it ends."""
        ...

    def close(self) -> None:
        """End the sampler; no process is left afterwards."""
        ...


class SamplerClient:
    """Talks to one sampler. Its methods are for one thread; a thread of its own does the reading."""

    def __init__(self, channel: Channel, start_seconds: float = ANSWER_SECONDS, node: str = "") -> None:
        """Prepare to talk.

        Args:
            channel: to the sampler.
            start_seconds: how long it may take to greet; an answer may take ANSWER_SECONDS.
            node: where it is, in a cluster.
        """
        self._channel = channel
        self._start_seconds, self._node = start_seconds, node
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read_lines, name="sampler-client", daemon=True)
        self._hello: dict[str, Any] | None = None
        self._answers: dict[int, dict[str, Any]] = {}
        self._samples: list[list[Any]] = []
        self._walks: list[list[Any]] = []
        self._last_sample: list[Any] | None = None
        self._last_walk: list[list[Any]] = []
        self._asked = 0
        self._ended = ""
        self._closed = False

    def start(self) -> None:
        """Begin reading and wait for the sampler's greeting.

        Raises:
            ExperimentError: it ended or did not greet in time.
        """
        self._reader.start()
        self._await(lambda: self._hello is not None, self._start_seconds, "start")

    @property
    def abilities(self) -> Abilities:
        """What this kernel lets it read. It runs on the code server's machine, so their clocks are one."""
        said = self._greeting
        return Abilities(
            kind="sampler",
            hz=float(said["cgroup_hz"]),
            processes=True,
            watermark=bool(said["resettable"]),
            kills=bool(said["kills"]),
            node=self._node,
        )

    @property
    def pressure(self) -> str:
        """Where the pressure columns come from: `cgroup`, `host` or `none`."""
        return str(self._greeting["pressure"])

    def reset(self) -> SourceState:
        """Start the watermark anew; the state just after."""
        return self._ask("reset")

    def read(self) -> SourceState:
        """The state now; every sample up to it has arrived when this returns."""
        return self._ask("read")

    def walk(self) -> None:
        """Walk the processes soon, before the next walk is due."""
        self._ask("walk")

    def take(self) -> Readings:
        """Everything read since the last `take`, and forget it."""
        with self._changed:
            samples, self._samples = self._samples, []
            walks, self._walks = self._walks, []
        return Readings(self._samples_frame(samples), self._processes_frame(walks))

    def peek_samples(self) -> pd.DataFrame:
        """The samples since the last `take`, which are kept."""
        with self._changed:
            samples = list(self._samples)
        return self._samples_frame(samples)

    def latest(self) -> Newest:
        """The newest sample, and the newest walk unless it found no process; any thread may ask.

        Raises:
            ExperimentError: the sampler has ended, so nothing newer will ever come.
        """
        with self._changed:
            sample, walk, ended = self._last_sample, self._last_walk, self._ended
        if ended:
            raise self._broke(ended)
        columns = self._greeting["columns"]
        return (
            None if sample is None else dict(zip(columns, sample, strict=True)),
            self._processes_frame(walk) if walk else None,
        )

    def close(self) -> None:
        """End the sampler and its channel; may be called again."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, ValueError, ExperimentError):
            self._channel.send(json.dumps({"id": 0, "command": "stop"}))
        self._channel.close()
        if self._reader.ident is not None:
            self._reader.join(ANSWER_SECONDS)

    @property
    def _greeting(self) -> dict[str, Any]:
        if self._hello is None:
            raise RuntimeError("start() first")
        return self._hello

    def _ask(self, command: str) -> SourceState:
        self._asked += 1
        number = self._asked
        try:
            self._channel.send(json.dumps({"id": number, "command": command}))
        except (OSError, ValueError) as error:
            raise self._broke(f"could not be told to {command} ({error})") from error
        self._await(lambda: number in self._answers, ANSWER_SECONDS, command)
        answer = self._answers.pop(number)
        watermark = answer["watermark_bytes"]
        return SourceState(
            watermark_bytes=float("nan") if watermark is None else float(watermark),
            missed_readings=answer["missed_readings"],
            readings=answer["readings"],
            cpu_seconds=answer["cpu_seconds"],
            at=answer["at"],
            host=HostTimes(**answer["host"]),
        )

    def _await(self, ready: Callable[[], bool], timeout: float, what: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: ready() or bool(self._ended), timeout)
            if ready():
                return
        raise self._broke(self._ended or f"did not answer {what!r} within {timeout:g}s")

    def _broke(self, why: str) -> ExperimentError:
        return ExperimentError(f"the sampler {why}; its own log in logs/ may say more")

    def _read_lines(self) -> None:
        ended = "ended unexpectedly"
        try:
            for line in self._channel.lines():
                message = json.loads(line)
                with self._changed:
                    self._accept(message)
                    self._changed.notify_all()
        except (OSError, ValueError, KeyError) as error:
            ended = f"sent what cannot be read ({error!r})"
        with self._changed:
            self._ended = ended
            self._changed.notify_all()

    def _accept(self, message: dict[str, Any]) -> None:
        match message["kind"]:
            case "samples":
                self._samples += message["rows"]
                self._last_sample = message["rows"][-1]
            case "processes":
                self._last_walk = [[message["at"], *row] for row in message["rows"]]
                self._walks += self._last_walk
            case "answer":
                self._answers[message["id"]] = message
            case "hello":
                self._hello = message
            case kind:
                raise ValueError(f"unknown kind {kind!r}")

    def _samples_frame(self, rows: list[list[Any]]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=self._greeting["columns"], dtype="float64")

    def _processes_frame(self, rows: list[list[Any]]) -> pd.DataFrame:
        return processes_frame(rows, (AT, *self._greeting["process_columns"]))
