"""Where one case happens: its folders, the commands that are run in them, and another experiment beside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.campaign.faults import ENOUGH
from tests.integration.bench_support import ROOT

SCENARIO = Path(__file__).parent / "scenario.yaml"
LONGEST_SECONDS = 600.0
NEVER_ENDED = "it had not ended after"


@dataclass(frozen=True)
class Neighbour:
    """Another experiment, which nothing may happen to."""

    process: psutil.Process
    paths: tuple[Path, ...]
    """Its folder, and its cgroups."""
    networks: tuple[str, ...]
    """Names of what it has in the Docker engine."""


class Place:
    """The folders of one case, and the commands that are run in them."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.folder = folder
        self._stack = stack
        self.state, self.temporary, self._disk = (folder / name for name in ("state", "tmp", "disk"))
        self.out = self._disk / "result"
        for made in (self.state, self.temporary, self._disk):
            made.mkdir(parents=True)

    def bench(self, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the experiment, with these options besides those of every case."""
        arguments = ("bench", str(SCENARIO), "--stack", self._stack, "--out", str(self.out), *options)
        return self._start(*arguments, environment=environment or {})

    def clean(self) -> None:
        """Remove what a killed experiment left."""
        self.output(self._start("clean", environment={}))

    def output(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of a command; what all commands said until then.

        One that does not end is killed.
        """
        try:
            process.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            with self._log.open("a") as log:
                log.write(f"\nerror: {NEVER_ENDED} {LONGEST_SECONDS:g}s, and was killed\n")
        return self._log.read_text("utf-8", "replace")

    @contextmanager
    def disk(self, size: str) -> Iterator[None]:
        """The result is on a disk of its own, of that size; on any other where that is empty."""
        if size:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self._disk)], check=True
            )
        try:
            yield
        finally:
            if size:
                subprocess.run(["umount", "-l", str(self._disk)], check=True)

    def enlarge(self) -> None:
        """Give the disk room for everything."""
        subprocess.run(["mount", "-o", f"remount,size={ENOUGH}", str(self._disk)], check=True)

    @contextmanager
    def neighbour(self) -> Iterator[Neighbour]:
        """Another experiment beside, in the same state folder."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.neighbour", self._stack],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | self._own_folders,
        ) as process:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            paths = tuple(Path(path).resolve() for path in told["paths"])
            yield Neighbour(psutil.Process(told["pid"]), paths, tuple(told["networks"]))
            assert process.stdin is not None
            process.stdin.close()

    @property
    def _log(self) -> Path:
        return self.folder / "output.log"

    @property
    def _own_folders(self) -> dict[str, str]:
        return {"DAGSTER_SIZING_STATE": str(self.state), "TMPDIR": str(self.temporary)}

    def _start(self, *arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a command of the harness as from a terminal; what it says goes to a file."""
        with self._log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "harness", *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **self._own_folders, **environment},
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
