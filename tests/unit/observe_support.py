"""Real processes and a sampler's channel for the tests of `harness.observe`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from harness.observe.cgroup import CgroupPaths
from harness.observe.sampler import SamplerConfig

TREE = Path(__file__).parents[1] / "fixtures" / "process_tree" / "server.py"
NO_CGROUP = CgroupPaths(0)

T = TypeVar("T")


@dataclass(frozen=True)
class Tree:
    """Process ids of a standing tree."""

    root: int
    run: int
    step: int
    helper: int
    ended: int


@contextlib.contextmanager
def process_tree() -> Iterator[Tree]:
    """The tree of the fixture, all of it gone afterwards."""
    with subprocess.Popen(
        [sys.executable, str(TREE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        pids = json.loads(server.stdout.readline())
        members = psutil.Process(server.pid).children(recursive=True)
        try:
            yield Tree(server.pid, pids["run"], pids["step"], pids["helper"], pids["ended"])
        finally:
            for process in members:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            server.kill()
            psutil.wait_procs(members, timeout=10)


def sampler_command(config: SamplerConfig) -> list[str]:
    """Command line of a sampler."""
    return [sys.executable, "-m", "harness.observe.sampler", "--config", config.to_json()]


def wait_for(what: Callable[[], T | None], seconds: float = 30.0) -> T:
    """The first answer that is neither None nor false; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g}s")
