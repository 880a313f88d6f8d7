"""A sampler behind a child process, here or in a pod: lines in, lines out."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ExperimentError

GRACE_SECONDS = 5.0


class ProcessChannel:
    """Starts it and talks to it through its pipes; it ends when its input does, as at the harness's death."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it.

        Args:
            command: such as that of a sampler.
            log: to which its errors are added.
            environment: whole; None for this process's own.
        """
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                env=environment,
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
        """Write one line to it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ExperimentError(
                f"the sampler ended with exit code {self._process.poll()}; see logs/{self._log.name}"
            ) from None

    def lines(self) -> Iterator[str]:
        """Yield its lines until it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            yield from stream

    def close(self) -> None:
        """End it; no process is left afterwards."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it may be gone already
                self._process.stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def sampler_command(python: str, config: Mapping[str, Any]) -> list[str]:
    """The command of a sampler, by the Python that is to run it."""
    return [python, "-m", "harness.observe.sampler", "--config", json.dumps(config)]
