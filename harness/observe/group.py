"""The samplers of all replicas of a code server, asked together."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pandas as pd

from harness.errors import ExperimentError
from harness.observe.client import Newest, Readings, SamplerClient, SamplerState


class SamplerGroup:
    """One sampler for each replica, by the replica's name."""

    def __init__(self, samplers: Mapping[str, SamplerClient]) -> None:
        self._samplers = dict(samplers)
        self._lost: dict[str, SamplerClient] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The replicas, lost ones too."""
        return tuple(sorted((*self._samplers, *self._lost)))

    def start(self) -> None:
        """Begin reading; ExperimentError where one does not greet."""
        for sampler in self._samplers.values():
            sampler.start()

    @property
    def lost(self) -> frozenset[str]:
        """The replicas that have died."""
        return frozenset(self._lost)

    def lose(self, name: str) -> None:
        """Expect nothing more of a replica that has died; what was read of it is kept."""
        if name in self._samplers:
            self._lost[name] = self._samplers.pop(name)

    def replace(self, name: str, sampler: SamplerClient) -> None:
        """Read a replica that lives again; begins at once."""
        self._lost.pop(name).close()
        self._samplers[name] = sampler
        sampler.start()

    def reset(self) -> dict[str, SamplerState]:
        """Start every watermark anew."""
        return {name: sampler.reset() for name, sampler in self._samplers.items()}

    def read(self) -> dict[str, SamplerState]:
        """The states now; every sample up to them has arrived when this returns."""
        return {name: sampler.read() for name, sampler in self._samplers.items()}

    def take(self) -> Readings:
        """Everything read since the last `take`, with a column `replica`, and forget it."""
        everyone = self._samplers | self._lost
        taken = {name: everyone[name].take() for name in self.names}
        return Readings(
            _together([r.samples.assign(replica=name) for name, r in taken.items()]),
            _together([r.processes.assign(replica=name) for name, r in taken.items()]),
        )

    def peek_samples(self) -> dict[str, pd.DataFrame]:
        """The samples of each replica since the last `take`, which are kept."""
        return {name: sampler.peek_samples() for name, sampler in self._samplers.items()}

    def latest_walks(self) -> dict[str, pd.DataFrame] | None:
        """The newest walk of each living replica's processes; None while one has not walked yet.

        Raises:
            ExperimentError: a sampler has ended, so nothing newer will ever come.
        """
        walks = {name: sampler.latest()[1] for name, sampler in self._samplers.items()}
        known = {name: walk for name, walk in walks.items() if walk is not None}
        return known if len(known) == len(walks) else None

    def newest(self) -> dict[str, Newest]:
        """The newest sample and walk of each replica that still tells; any thread may ask."""
        found = {}
        for name, sampler in tuple(self._samplers.items()):
            with contextlib.suppress(ExperimentError):
                found[name] = sampler.latest()
        return found

    def close(self) -> None:
        """End every sampler; may be called again."""
        for sampler in (*self._samplers.values(), *self._lost.values()):
            sampler.close()


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    # pandas warns of empty frames, whose column types it is going to ignore
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
