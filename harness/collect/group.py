"""The samplers of all replicas of a code server, asked together."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.collect.client import Readings, SamplerClient, SamplerState


class SamplerGroup:
    """One sampler for each replica, by the replica's name."""

    def __init__(self, samplers: Mapping[str, SamplerClient]) -> None:
        self._samplers = dict(samplers)

    @property
    def names(self) -> tuple[str, ...]:
        """The replicas."""
        return tuple(self._samplers)

    def start(self) -> None:
        """Begin reading; ExperimentError where one does not greet."""
        for sampler in self._samplers.values():
            sampler.start()

    def reset(self) -> dict[str, SamplerState]:
        """Start every watermark anew."""
        return {name: sampler.reset() for name, sampler in self._samplers.items()}

    def read(self) -> dict[str, SamplerState]:
        """The states now; every sample up to them has arrived when this returns."""
        return {name: sampler.read() for name, sampler in self._samplers.items()}

    def take(self) -> Readings:
        """Everything read since the last `take`, with a column `replica`, and forget it."""
        taken = {name: sampler.take() for name, sampler in self._samplers.items()}
        return Readings(
            _together([r.samples.assign(replica=name) for name, r in taken.items()]),
            _together([r.processes.assign(replica=name) for name, r in taken.items()]),
        )

    def peek_samples(self) -> dict[str, pd.DataFrame]:
        """The samples of each replica since the last `take`, which are kept."""
        return {name: sampler.peek_samples() for name, sampler in self._samplers.items()}

    def latest_walks(self) -> list[pd.DataFrame] | None:
        """The newest walk of each replica's processes; None while one has not walked yet.

        Raises:
            ExperimentError: a sampler has ended, so nothing newer will ever come.
        """
        walks = [sampler.latest()[1] for sampler in self._samplers.values()]
        known = [walk for walk in walks if walk is not None]
        return known if len(known) == len(walks) else None

    def close(self) -> None:
        """End every sampler; may be called again."""
        for sampler in self._samplers.values():
            sampler.close()


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    # pandas warns of empty frames, whose column types it is going to ignore
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
