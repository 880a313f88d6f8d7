"""The engine's events: a stream that breaks is told of, however it broke."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from harness.errors import ExperimentError
from harness.stack.containers import Watcher


class Stream:
    """What the engine tells, up to where it breaks."""

    def __init__(self, event: Any) -> None:
        self._event = event

    def __iter__(self) -> Iterator[Any]:
        yield {"Action": "exec_start", "Actor": {"Attributes": {}}}
        if isinstance(self._event, Exception):
            raise self._event
        yield self._event

    def close(self) -> None:
        """Nothing is open."""


class Engine:
    """An engine that has only a stream of events."""

    def __init__(self, event: Any) -> None:
        self._event = event

    def events(self, **_options: Any) -> Stream:
        return Stream(self._event)


def ask_again_and_again(watcher: Watcher) -> None:
    for _ in range(1500):
        watcher.ended()
        time.sleep(0.02)


@pytest.mark.parametrize(
    "event", [ProtocolError("broken chunk"), ValueError("not JSON"), {"Action": "die", "Actor": None}]
)
def test_a_stream_that_breaks_is_not_silence(event: Any, tmp_path: Path) -> None:
    watcher = Watcher(Engine(event), "experiment", tmp_path, "")  # type: ignore[arg-type]
    with pytest.raises(ExperimentError, match="the Docker engine stopped answering"):
        ask_again_and_again(watcher)
    watcher.close()
