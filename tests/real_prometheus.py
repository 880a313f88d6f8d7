"""A real Prometheus with a history that was planted in it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from harness.stack.ports import free_port

PROGRAMS = ("prometheus", "promtool")
_READY_SECONDS = 60.0
_SCRAPE_NOTHING = "global: {scrape_interval: 1h}\n"


@dataclass(frozen=True)
class Planted:
    """One series: its name, its labels, and what it holds."""

    metric: str
    labels: Mapping[str, str]
    at: Iterable[float]
    """Epoch seconds, kept to the millisecond."""
    values: Iterable[float]

    def lines(self) -> Iterator[str]:
        """As OpenMetrics."""
        told = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        for at, value in zip(self.at, self.values, strict=True):
            yield f"{self.metric}{{{told}}} {float(value)!r} {at:.3f}\n"


def missing() -> str:
    """Which programs are not there; empty where all are."""
    return ", ".join(program for program in PROGRAMS if shutil.which(program) is None)


@contextmanager
def prometheus(
    folder: Path, planted: Iterable[Planted], *options: str, ready: str = "", config: str = _SCRAPE_NOTHING
) -> Iterator[str]:
    """The address of a Prometheus that has these series, until the block ends.

    Args:
        folder: empty, for its data.
        planted: in any order.
        options: further ones for it.
        config: its configuration file; without one it scrapes nothing.
        ready: file with its certificate, where it has one and wants a password.
    """
    data = folder / "data"
    planted = list(planted)
    if planted:
        _plant(folder / "planted.txt", data, planted)
    file = folder / "prometheus.yml"
    file.write_text(config, "utf-8")
    where = f"127.0.0.1:{free_port()}"
    url = f"{'https' if ready else 'http'}://{where}"
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--web.listen-address={where}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=400d",
        *options,
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(f"{url}/-/ready", process, ready or None)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _plant(file: Path, data: Path, planted: Iterable[Planted]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for series in sorted(planted, key=lambda one: one.metric):
            stream.writelines(series.lines())
        stream.write("# EOF\n")
    # Blocks of two hours, as is usual, would read the file anew for each of them.
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=1500h", "openmetrics"]
    done = subprocess.run([*command, str(file), str(data)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    file.unlink()


def _wait(url: str, process: subprocess.Popen[bytes], certificate: str | None) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            # Without a password it says 401, and with a path 404; while it starts 503.
            if requests.get(url, timeout=5, verify=certificate).status_code < 500:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("Prometheus does not come up")
