"""All claims, in the guide's order."""

from __future__ import annotations

from harness.claims import (
    burst_bursty,
    burst_poisson,
    cpu_linear,
    io_scales,
    limits_io,
    limits_mixed,
    littles_law,
    memory_linear,
    profiler,
    run_is_thread,
    shared_state,
    sizes_5_10,
    sizes_10_25,
    sizes_25_50,
    sizes_50_plus,
    thread_stack,
)
from harness.claims.base import Claim

CLAIMS: tuple[Claim, ...] = (
    run_is_thread.CLAIM,
    memory_linear.CLAIM,
    cpu_linear.CLAIM,
    profiler.CLAIM,
    littles_law.CLAIM,
    burst_poisson.CLAIM,
    burst_bursty.CLAIM,
    sizes_5_10.CLAIM,
    sizes_10_25.CLAIM,
    sizes_25_50.CLAIM,
    sizes_50_plus.CLAIM,
    io_scales.CLAIM,
    thread_stack.CLAIM,
    shared_state.CLAIM,
    limits_io.CLAIM,
    limits_mixed.CLAIM,
)
