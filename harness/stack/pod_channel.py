"""A process in the collector of a pod: lines in, lines out, by `kubectl exec`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ExperimentError
from harness.stack.kubectl import Kubectl
from harness.stack.pod_specs import COLLECTOR

GRACE_SECONDS = 5.0
_ASKS = 5
_CLOCK = "import sys, time\nfor _ in sys.stdin:\n    print(time.time(), flush=True)"


class PodChannel:
    """Starts it, such as a sampler. It ends when its input does, and so when the harness dies."""

    def __init__(self, kubectl: Kubectl, pod: str, argv: Sequence[str], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                kubectl.command("exec", "--stdin", pod, "--container", COLLECTOR, "--", *argv),
                env=kubectl.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
                # Ctrl-C on the terminal is for the harness, which then ends the sampler itself.
                start_new_session=True,
            )
        self._pod, self._log = pod, log

    def send(self, line: str) -> None:
        """Write one line to it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ExperimentError(f"the collector in {self._pod} has ended; see {self._log}") from None

    def lines(self) -> Iterator[str]:
        """Yield its lines until it ends."""
        assert self._process.stdout is not None
        yield from self._process.stdout

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def sampler_arguments(config: Mapping[str, Any]) -> list[str]:
    """The command of a sampler."""
    return ["python", "-m", "harness.observe.sampler", "--config", json.dumps(config)]


class PodClock:
    """How far a pod's clock is ahead of this machine's, asked over a connection that stays."""

    def __init__(self, kubectl: Kubectl, pod: str, log: Path) -> None:
        self._channel = PodChannel(kubectl, pod, ["python", "-c", _CLOCK], log)
        self._answers = iter(self._channel.lines())

    def offset(self) -> float:
        """Seconds, give or take half the time of the quickest answer.

        Raises:
            ExperimentError: it does not answer any more.
        """
        return min(self._asked() for _ in range(_ASKS))[1]

    def close(self) -> None:
        """End it."""
        self._channel.close()

    def _asked(self) -> tuple[float, float]:
        before = time.time()
        self._channel.send("")
        told = next(self._answers, "")
        after = time.time()
        if not told:
            raise ExperimentError("the code server's node no longer tells the time; is it there?")
        return after - before, float(told) - (before + after) / 2
