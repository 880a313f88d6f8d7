"""Processes for `bench_sampler`: a server with run-like children, and one that makes memory spikes.

A file of its own, because every spawned child imports it anew.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue

MIB = 2**20


def run(ready: SimpleQueue[int], ballast_mib: int) -> None:
    """Hold touched memory until killed."""
    ballast = bytearray(os.urandom(MIB)) * ballast_mib
    ready.put(len(ballast))
    time.sleep(3600)


def server(runs: int, ballast_mib: int) -> None:
    """Hold spawned children until stdin ends; says `up` when all hold their ballast."""
    context = multiprocessing.get_context("spawn")
    ready: SimpleQueue[int] = context.SimpleQueue()
    for _ in range(runs):
        context.Process(target=run, args=(ready, ballast_mib), daemon=True).start()
    for _ in range(runs):
        ready.get()
    print("up", flush=True)
    sys.stdin.read()


def spikes(mib: int) -> None:
    """For each line, touch `mib` MiB and hold them for that many milliseconds; says `done` after each."""
    print("up", flush=True)
    for line in sys.stdin:
        spike = b"\xff" * (mib * MIB)
        time.sleep(float(line) / 1000)
        del spike
        print("done", flush=True)


if __name__ == "__main__":
    role, *numbers = sys.argv[1:]
    roles: dict[str, Callable[..., None]] = {"server": server, "spikes": spikes}
    roles[role](*map(int, numbers))
