"""How far the clock of a pod's node is ahead of this machine's."""

from __future__ import annotations

import time
from pathlib import Path

from harness.errors import ExperimentError
from harness.stack.channel import ProcessChannel
from harness.stack.kubectl import Kubectl
from harness.stack.pod_specs import COLLECTOR

_ASKS = 5
_CLOCK = ["python", "-c", "import sys, time\nfor _ in sys.stdin:\n    print(time.time(), flush=True)"]


class PodClock:
    """Asked over a connection that stays, whose answers take milliseconds."""

    def __init__(self, kubectl: Kubectl, pod: str, log: Path) -> None:
        self._command = kubectl.inside(pod, COLLECTOR, _CLOCK)
        self._log, self._environment = log, kubectl.environment
        self._open()

    def offset(self) -> float:
        """Seconds, give or take half the time of the quickest answer.

        Raises:
            ExperimentError: it does not answer any more.
        """
        return min(self._asked() for _ in range(_ASKS))[1]

    def close(self) -> None:
        """End it."""
        self._channel.close()

    def reopen(self) -> None:
        """Begin anew: the pod is another one of the same name."""
        self.close()
        self._open()

    def _open(self) -> None:
        self._channel = ProcessChannel(self._command, self._log, self._environment)
        self._answers = self._channel.lines()

    def _asked(self) -> tuple[float, float]:
        before = time.time()
        self._channel.send("")
        told = next(self._answers, "")
        after = time.time()
        if not told:
            raise ExperimentError("the code server's node no longer tells the time; is it there?")
        return after - before, float(told) - (before + after) / 2
