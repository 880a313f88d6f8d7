"""Whether runs of other code locations are in the observed server too. Told by what they do to its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from harness.model.intervals import Estimate, NotEstimable
from harness.model.observed_costs import state_costs
from harness.model.observed_load import Sampling
from harness.results.observed_record import ObservedRecord
from harness.sizing.observed_lives import FEWEST_OF_A_JOB, server_lives
from harness.sizing.run_lives import RunLife, completed

LEAST_BYTES = 20 * 2**20
"""No run that is a process of the server takes less: what is found of others is chance, or their shadow."""
_SEED = 1


def locations_beside(
    observed: ObservedRecord, scrapes: pd.DataFrame, runs: Sequence[RunLife]
) -> dict[str, Estimate]:
    """Memory of a run of each location that is not among those observed, but is in their server all the same.

    Args:
        observed: names those that are.
        scrapes: the table.
        runs: of all locations.
    """
    counts = pd.Series([one.location for one in runs]).value_counts()
    others = [str(name) for name in counts.index[counts >= FEWEST_OF_A_JOB] if name not in observed.locations]
    if not others:
        return {}
    kinds = {name: (name,) for name in others} | {"": tuple(observed.locations)}
    by_location = [replace(one, job=one.location) for one in completed(runs)]
    lives = server_lives(observed, scrapes, by_location, kinds, "working_set_bytes")
    # The lag is of no account here: what is in the server shows without it.
    sampling = Sampling(observed.interval_seconds, observed.window_seconds, (0.0,))
    costs = state_costs(lives, sampling, True, _SEED)
    if isinstance(costs, NotEstimable):
        return {}
    told = {name: costs.running[name] for name in others}
    return {name: one for name, one in told.items() if isinstance(one, Estimate) and one.low > LEAST_BYTES}
