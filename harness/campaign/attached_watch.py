"""Looking after a deployment that is loaded while others use it: when to hold back, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.errors import HarnessError, InputError
from harness.experiment.attached import TAG, StoppedError
from harness.experiment.clock import Clock
from harness.metrics.source import Instance, MetricsSource, minute
from harness.sizing.instance_runs import ToldRun, pages_of_runs
from harness.target.graphql import GraphQLClient, GraphQLError
from harness.target.run_histories import BEGUN

MOST_OF_LIMIT = 0.8
"""Share of the memory limit at which it is stopped, unless another height is given."""
OLDEST_SECONDS = 60.0
OLDEST_INTERVALS = 5
"""No reading for the longer of these: then nobody knows how the deployment is."""
LOOK_SECONDS = 5.0
"""Between two looks, where readings come more often than that."""
MISSED_LOOKS = 5
"""In turn, for which the webserver may be silent."""
BACK_SECONDS = 900.0
"""How far back is read to learn how the deployment is before any load."""
MIB = 2**20


@dataclass(frozen=True)
class Bounds:
    """What the deployment may be burdened with."""

    highest: int
    """Runs at once, those of others included."""
    stop_above_bytes: float | None = None
    """Of memory; None for 80 % of the limit."""


@dataclass
class _Seen:
    """What was learnt while looking."""

    since: float
    """When the last burst ended, or the watch began, in epoch seconds."""
    newest: float = float("-inf")
    """Instant of the newest reading, in epoch seconds."""
    foreign: set[str] = field(default_factory=set)
    """Runs of others that were live."""
    idle: float | None = None
    """Memory before the first burst, in bytes."""
    per_run: float = 0.0
    """Most that a run of a burst was seen to take, in bytes."""
    highest_reading: float = 0.0
    """Since the last burst ended, in bytes."""


class DeploymentWatch:
    """Reads memory and runs at each look, and stops what would go too far."""

    def __init__(
        self,
        source: MetricsSource,
        client: GraphQLClient,
        bounds: Bounds,
        experiment_id: str,
        clock: Clock,
    ) -> None:
        """Look for the first time.

        Args:
            source: of metrics.
            client: of the deployment's webserver.
            bounds: what it may be burdened with.
            experiment_id: in the tag of our runs.
            clock: that is waited by.

        Raises:
            InputError: its readings do not suffice to look after it, or no limit is known.
            MachineError: the source does not answer.
        """
        self._source, self._client, self._bounds, self._clock = source, client, bounds, clock
        self._id, self._began = experiment_id, clock.now()
        self._looked = float("-inf")
        self._missed = 0
        self._seen = _Seen(since=self._began)
        instances, abilities = source.read(self._began - BACK_SECONDS, self._began, silent)
        self.interval = abilities.interval_seconds
        if abilities.kind == "max":
            raise InputError("--metrics: maxima of windows go with no number of runs; give points or means")
        if not self.interval > 0:
            raise InputError(
                f"--metrics: fewer than two readings in the last {BACK_SECONDS / 60:.0f} minutes"
            )
        life = self._only_one(instances)
        age = self._began - _last_at(life)
        if age > self.oldest:
            raise InputError(
                f"--metrics: the newest reading is {age:.0f}s old, so nobody could see what a load does; "
                "is the collector running, and are the clocks right?"
            )
        self.stop_above = self._height(life)
        self._note(life)

    @property
    def foreign_runs(self) -> int:
        """Runs of others that were seen to be live."""
        return len(self._seen.foreign)

    def look(self) -> None:
        """See how it is, unless that was done just now; StoppedError where it is not well."""
        now = self._clock.now()
        if now - self._looked < max(LOOK_SECONDS, min(self.interval, OLDEST_SECONDS) / 2):
            return
        self._looked = now
        self._see_memory(now)
        try:
            self._see_runs()
            self._missed = 0
        except GraphQLError as error:
            self._missed += 1
            if self._missed > MISSED_LOOKS:
                raise StoppedError(f"the webserver did not answer: {error}") from None

    def room(self, level: int) -> bool:
        """Whether so many runs more are within the bounds; StoppedError where memory would not be."""
        self.look()
        needed = (self._seen.idle or 0.0) + level * self._seen.per_run
        if self._seen.per_run and needed > self.stop_above:
            raise StoppedError(
                f"{level} runs would take about {_mib(needed)}, by what fewer took, and it is to stop above "
                f"{_mib(self.stop_above)}"
            )
        try:
            live = sum(1 for _ in self._foreign({"statuses": list(BEGUN)}))
        except GraphQLError:
            return False
        return live + level <= self._bounds.highest

    def held(self, level: int) -> None:
        """A burst of `level` runs has ended: what each took at most is what its memory rose by."""
        risen = self._seen.highest_reading - (self._seen.idle or 0.0)
        self._seen.per_run = max(self._seen.per_run, risen / level)
        self._seen.highest_reading, self._seen.since = 0.0, self._clock.now()

    @property
    def oldest(self) -> float:
        """How old the newest reading may be, in seconds, before nobody knows how the deployment is."""
        return max(OLDEST_SECONDS, OLDEST_INTERVALS * self.interval)

    def newest(self, until: float) -> float:
        """Instant of the newest reading before `until`, in epoch seconds; minus infinity without one."""
        return max((_last_at(life) for life in self._read(until)), default=float("-inf"))

    def _see_memory(self, now: float) -> None:
        lives = self._read(now)
        newer = [life for life in lives if life.began > self._began]
        if newer:
            raise StoppedError(f"{newer[0].name} was started anew at {minute(newer[0].began)}")
        for life in lives:
            self._note(life)
        if now - self._seen.newest > self.oldest:
            raise StoppedError(
                f"no reading for {self.oldest:.0f}s, so that nobody can see what the load does"
            )
        if self._seen.highest_reading > self.stop_above:
            raise StoppedError(
                f"memory was {_mib(self._seen.highest_reading)} at {minute(self._seen.newest)}, and it is to "
                f"stop above {_mib(self.stop_above)}"
            )

    def _read(self, until: float) -> tuple[Instance, ...]:
        # What a single look cannot read, the next one may; that it goes on is seen by the readings' age.
        try:
            # From before the load on: of a life whose start is not known, the first reading is its start.
            return self._source.read(self._began - self.oldest, until, silent)[0]
        except HarnessError:
            return ()

    def _note(self, life: Instance) -> None:
        readings = life.readings["working_set_bytes"]
        fresh = readings.values[readings.at > self._seen.since]
        if self._seen.idle is None:
            self._seen.idle = float(readings.values[-1])
        self._seen.newest = max(self._seen.newest, _last_at(life))
        self._seen.highest_reading = max(self._seen.highest_reading, *map(float, fresh), 0.0)

    def _see_runs(self) -> None:
        self._seen.foreign |= {run.runId for run in self._foreign({"statuses": list(BEGUN)})}
        failed = [
            run
            for run in self._foreign({"updatedAfter": self._began, "statuses": ["FAILURE"]})
            if run.endTime is None or run.endTime > self._began
        ]
        if failed:
            raise StoppedError(f"run {failed[0].runId} of {failed[0].jobName}, which is not ours, failed")

    def _foreign(self, chosen: dict[str, object]) -> Iterator[ToldRun]:
        for page in pages_of_runs(self._client, chosen):
            for run in page:
                if not any(tag.key == TAG and tag.value.startswith(self._id) for tag in run.tags):
                    yield run

    def _only_one(self, instances: tuple[Instance, ...]) -> Instance:
        live = [one for one in instances if one.ended > self._began]
        if not live:
            raise InputError("--select: no such container runs now")
        if len(live) > 1:
            names = ", ".join(one.name for one in live)
            raise InputError(
                f"--select: {len(live)} containers run at once ({names}), and nothing tells which one a run "
                "is in; scale the deployment to one replica"
            )
        return live[0]

    def _height(self, life: Instance) -> float:
        if self._bounds.stop_above_bytes is not None:
            return self._bounds.stop_above_bytes
        if life.memory_limit_bytes is None:
            raise InputError(
                f"{self._source.name}: tells no limit of memory, so say where to stop: --stop-above 1500MiB"
            )
        return MOST_OF_LIMIT * float(life.memory_limit_bytes.values[-1])


def _last_at(life: Instance) -> float:
    return float(life.readings["working_set_bytes"].at[-1])


def _mib(size: float) -> str:
    return f"{size / MIB:,.0f} MiB"


def silent(_text: str) -> None:
    """Tells nobody how reading goes on."""
