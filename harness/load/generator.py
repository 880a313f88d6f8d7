"""The load generator as the experiment uses it: prepare, wait until ready, release, read the report."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np

from harness.errors import ExperimentError
from harness.interrupts import held_back
from harness.load.answers import Outcome
from harness.load.clocks import farthest_offset
from harness.load.place import GRAPHQL_PATH, Elsewhere, commands_elsewhere, commands_here
from harness.load.process import LocustProcess
from harness.load.requests import Kind, Request

GRACE_SECONDS = 2.0
"""On top of the time-out of the last request: for Locust to notice and to report it."""
SATURATED_CPU_FRACTION = 0.9
SATURATED_LATENESS_SECONDS = 0.25


@dataclass(frozen=True)
class LoadPlan:
    """What to fire.

    Raises:
        ValueError: the parts do not fit together.
    """

    url: str
    """GraphQL endpoint; ends with `/graphql`."""
    requests: tuple[Request, ...]
    offsets: tuple[float, ...]
    """Intended seconds after the release, one per request, ascending."""
    timeout_seconds: float
    """How long each request waits for its answer."""
    processes: int = 1
    """Locust processes that send."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with every request, such as a token; never shown."""
    place: Elsewhere | None = None
    """Where Locust runs; None for this machine."""
    bind: str = "127.0.0.1"
    """Address at which the Locust processes of this machine find one another."""

    @property
    def target(self) -> str:
        """GraphQL endpoint as Locust reaches it."""
        return self.url if self.place is None else self.place.url

    def __post_init__(self) -> None:
        if not self.url.endswith(GRAPHQL_PATH):
            raise ValueError(f"url: an address that ends with {GRAPHQL_PATH} is expected, got {self.url}")
        if not self.requests or len(self.requests) != len(self.offsets):
            raise ValueError(
                f"offsets: one per request ({len(self.requests)}) is expected, got {len(self.offsets)}"
            )
        if self.offsets[0] < 0 or list(self.offsets) != sorted(self.offsets):
            raise ValueError("offsets: ascending values from 0 on are expected")
        if not 1 <= self.processes <= len(self.requests):
            raise ValueError(f"processes: 1 to {len(self.requests)} is expected, got {self.processes}")


@dataclass(frozen=True)
class Sent:
    """One request as it went; times in epoch seconds on the generator's clock."""

    index: int
    kind: Kind
    intended_epoch_seconds: float
    sent_epoch_seconds: float
    answered_epoch_seconds: float
    """nan when the time-out came first."""
    run_id: str | None
    outcome: Outcome
    message: str
    """Of a launch, why there is no run; of a tick, what it said."""
    http_status: int
    """0 without an HTTP answer."""
    worker_index: int
    """Locust process that sent it."""


@dataclass(frozen=True)
class LoadReport:
    """All requests of a plan, and whether the generator itself kept up."""

    sent: list[Sent]
    cpu_fraction: float
    """Largest mean share of one core of any Locust process, from the release order to the last answer."""
    lateness: float
    """Largest sent - intended, in seconds."""
    saturated: bool
    """The generator, not the server, shaped this load: more than 90 % of a core, or 95th percentile of
    lateness above 0.25 s."""
    processes: int
    clock_offset: float
    """Seconds by which the clock of a Locust process's machine was ahead of this one's before the release:
    that which was farthest off; 0 on this machine."""


class LoadGenerator:
    """Fires one plan. A context manager; leaving it ends Locust.

    Users connect in `wait_ready`, not in `prepare`: the webserver closes connections that idle for 5 s, and
    it is left in peace while the experiment waits for the code server to come to rest.
    """

    def __init__(self) -> None:
        self._process: LocustProcess | None = None
        self._plan: LoadPlan | None = None
        self._ordered = math.nan
        self._released = math.nan
        self._clock_offset = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self, plan: LoadPlan) -> None:
        """Start Locust and give it the plan; returns at once."""
        if self._process is not None:
            raise RuntimeError("a load generator fires one plan; make another one")
        self._plan = plan
        users = len(plan.requests)
        if plan.place is None:
            commands = commands_here(plan.url, users, plan.processes, plan.bind)
        else:
            commands = commands_elsewhere(plan.place, users, plan.processes)
        with held_back():
            self._process = LocustProcess(commands)
        self._process.send(
            {
                "kind": "plan",
                "requests": [asdict(request) for request in plan.requests],
                "offsets": plan.offsets,
                "timeout_seconds": plan.timeout_seconds,
                "headers": dict(plan.headers),
            }
        )

    def wait_ready(self, timeout: float) -> None:
        """Have every user open its connection; returns when all have, at most `timeout` seconds later.

        Raises:
            ExperimentError: the webserver takes no connection, Locust ended, or time ran out.
        """
        plan, process = self._prepared()
        process.send({"kind": "connect"})
        try:
            message = process.receive(timeout)
        except TimeoutError:
            raise ExperimentError(
                f"the load generator's {len(plan.requests)} users were not connected to {plan.target} within "
                f"{timeout:g}s; raise timeouts.start, or launch less at once"
            ) from None
        if message["kind"] == "unreachable":
            raise ExperimentError(f"the load generator cannot connect to {plan.target}: {message['message']}")
        if plan.place is not None:
            self._clock_offset = farthest_offset(process, plan.processes)

    def release(self, at_epoch: float) -> None:
        """Set the instant that all offsets count from; a little ahead, so that it reaches every worker."""
        _, process = self._prepared()
        process.send({"kind": "release", "at": at_epoch})
        self._ordered = time.monotonic()
        self._released = self._ordered + (at_epoch - time.time())

    def finished(self, timeout: float) -> LoadReport:
        """Wait until every request was answered or timed out by itself.

        Args:
            timeout: seconds after the last intended request.

        Raises:
            ExperimentError: Locust ended or did not report in time.
        """
        plan, process = self._prepared()
        deadline = self._released + plan.offsets[-1] + timeout + GRACE_SECONDS
        sent: list[Sent] = []
        used: dict[int, float] = {}
        while True:
            try:
                message = process.receive(deadline - time.monotonic())
            except TimeoutError:
                raise ExperimentError(
                    f"the load generator reported {len(sent)} of {len(plan.requests)} requests within "
                    f"{timeout:g}s of the last: {process.last_words()}"
                ) from None
            if message["kind"] == "done":
                used[-1] = message["cpu_seconds"]  # the master's
                return self._report(plan, used, sorted(sent, key=lambda one: one.index))
            sent.append(_sent(message["record"]))
            used[sent[-1].worker_index] = message["cpu_seconds"]

    def close(self) -> None:
        """End Locust; no process is left. Does nothing the second time."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _prepared(self) -> tuple[LoadPlan, LocustProcess]:
        if self._plan is None or self._process is None:
            raise RuntimeError("prepare() comes first, and nothing after close()")
        return self._plan, self._process

    def _report(self, plan: LoadPlan, used: Mapping[int, float], sent: list[Sent]) -> LoadReport:
        elapsed = time.monotonic() - self._ordered
        late = [one.sent_epoch_seconds - one.intended_epoch_seconds for one in sent]
        busiest = max(used.values()) / elapsed
        behind = float(np.quantile(late, 0.95)) > SATURATED_LATENESS_SECONDS
        return LoadReport(
            sent=sent,
            cpu_fraction=busiest,
            lateness=max(late),
            saturated=busiest > SATURATED_CPU_FRACTION or behind,
            processes=plan.processes,
            clock_offset=self._clock_offset,
        )


def _sent(record: dict[str, Any]) -> Sent:
    answered = record["answered_epoch_seconds"]
    return Sent(**(record | {"answered_epoch_seconds": math.nan if answered is None else answered}))
