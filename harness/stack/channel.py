"""A sampler as a child process: lines in, lines out."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import ExperimentError

GRACE_SECONDS = 5.0


class ProcessChannel:
    """Starts a sampler beside the code server and talks to it through its pipes."""

    def __init__(self, config: dict[str, Any], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.observe.sampler", "--config", json.dumps(config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
                # Ctrl-C on the terminal is for the harness, which then ends the sampler itself.
                start_new_session=True,
                cwd=Path(__file__).parents[2],
            )

    def send(self, line: str) -> None:
        """Write one line to the sampler."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise ExperimentError(
                f"the sampler ended with exit code {self._process.poll()}; see logs/sampler.log"
            ) from None

    def lines(self) -> Iterator[str]:
        """Yield the sampler's lines until it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            yield from stream

    def close(self) -> None:
        """End the sampler; no process is left afterwards."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it may be gone already
                self._process.stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
