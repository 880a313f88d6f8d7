"""How far apart the first and the last launch of a burst arrive, against stock Locust spawning.

Run as `python -m tests.perf.bench_load [LAUNCHES] [ROUNDS]`. Every round fires the same burst each way, in
turn, at the same small webserver; arrivals are what that server saw. It answers when all have arrived, as
launching a run takes longer than a burst lasts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.load.generator import LoadGenerator, LoadPlan
from harness.load.requests import Request
from tests.launch_server import RunningServer, running_server

STOCK = Path(__file__).with_name("stock_locustfile.py")


def params(launches: int) -> dict[str, Any]:
    """What every launch asks of the server."""
    return {"behave": "hold", "together": launches}


def spread(fire: Callable[[RunningServer, int], None], launches: int) -> float:
    """Seconds between the first and the last arrival of one burst."""
    with running_server() as server:
        fire(server, launches)
        arrivals = [event["at"] for event in server.stop() if event["kind"] == "post"]
    if len(arrivals) != launches:
        raise SystemExit(f"{len(arrivals)} launches arrived, {launches} were fired: nothing to compare")
    return float(max(arrivals) - min(arrivals))


def ours(server: RunningServer, launches: int) -> None:
    """Connected first, released together."""
    with LoadGenerator() as generator:
        request = Request("launch", {"params": params(launches)})
        generator.prepare(LoadPlan(server.url, (request,) * launches, (0.0,) * launches, 30.0))
        generator.wait_ready(60)
        generator.release(time.time() + 0.2)
        generator.finished(30)


def stock(user: str, rate: int) -> Callable[[RunningServer, int], None]:
    """Spawned at `rate` users per second; a spawned user fires."""

    def fire(server: RunningServer, launches: int) -> None:
        command = [sys.executable, "-m", "locust", "--locustfile", str(STOCK), "--headless", user]
        command += ["--host", server.url.removesuffix("/graphql"), "--users", str(launches)]
        command += ["--spawn-rate", str(rate), "--run-time", f"{launches // rate + 2}s", "--only-summary"]
        environment = os.environ | {"BENCH_PARAMS": json.dumps(params(launches))}
        subprocess.run(command, check=True, capture_output=True, timeout=120, env=environment)

    return fire


def main(launches: int, rounds: int) -> None:
    """Measure and print."""
    ways = {
        "ours: connected, then released": ours,
        "stock FastHttpUser, all at once": stock("StockFast", launches),
        "stock HttpUser, all at once": stock("StockDefault", launches),
        "stock HttpUser, 10 users/s": stock("StockDefault", 10),
    }
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, fire in ways.items():
            measured[name].append(spread(fire, launches))
    print(f"Spread between first and last launch of a burst of {launches}, {rounds} rounds")
    print(f"{'':34}{'median':>11}{'lowest':>11}{'highest':>11}{'times ours':>12}")
    base = statistics.median(measured[next(iter(ways))])
    for name, values in measured.items():
        median = statistics.median(values)
        cells = "".join(f"{value * 1e3:8.1f} ms" for value in (median, min(values), max(values)))
        print(f"{name:34}{cells}{median / base:11.1f}x")


if __name__ == "__main__":
    main(*(int(a) for a in [*sys.argv[1:], *["50", "5"][len(sys.argv) - 1 :]]))
