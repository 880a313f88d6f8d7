"""What a run holds by its age, and which of that a size has to go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.model.intervals import Estimate, NotEstimable
from harness.model.observed_costs import StateCosts
from harness.model.observed_load import Life, Sampling
from harness.model.observed_profile import Profile, memory_profile
from harness.results.observed_record import AgeRecord

CHANCE = 0.01
"""Of taking an age for dearer than it is: a size that goes by one has to be surer than a picture."""

Profiles = Mapping[str, Profile]
"""By kind of run; without those of which nothing can be told."""


def profiles_of(
    lives: Sequence[Life],
    sampling: Sampling,
    costs: StateCosts | NotEstimable,
    kinds: Iterable[str],
    seed: int,
) -> Profiles:
    """Of each kind of run.

    Args:
        lives, sampling: those that `costs` came of.
        costs: of memory.
        kinds: names of jobs in the lives.
        seed: of the bootstrap.
    """
    if isinstance(costs, NotEstimable):
        return {}
    found = {kind: memory_profile(lives, sampling, costs, kind, seed) for kind in kinds}
    return {kind: one for kind, one in found.items() if isinstance(one, Profile)}


def dearest(told: Estimate | NotEstimable, profile: Profile | None) -> Estimate | None:
    """What a run holds at its dearest age, where that is clearly more than on average; else None.

    All runs of a burst are of one age, so that a size has to go by it.
    """
    if profile is None or profile.dearest is None or isinstance(told, NotEstimable):
        return None
    cost = profile.dearest.cost
    return cost if profile.dearest.chance <= CHANCE and cost.low > told.high else None


def age_records(profiles: Profiles) -> tuple[AgeRecord, ...]:
    """The profiles as a result keeps them."""
    return tuple(
        AgeRecord(
            job=kind,
            from_seconds=one.lowest,
            to_seconds=one.highest if np.isfinite(one.highest) else None,
            value=one.cost.value,
            low=one.cost.low,
            high=one.cost.high,
            dearest=one is profile.dearest,
        )
        for kind, profile in profiles.items()
        for one in profile.bins
    )
