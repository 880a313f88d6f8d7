"""The Locust process itself: started, talked to over pipes, and ended with all its workers.

Nothing is put on disk. When the harness dies, however it dies, its end of the pipe closes and Locust quits.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import site
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

import harness
from harness.errors import ExperimentError

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
PROJECT = Path(harness.__file__).parents[1]
QUIT_SECONDS = 3.0

Message = dict[str, Any]


class LocustProcess:
    """Locust with `users` users against `host`; with several `processes`, a master and that many workers.

    These find the master at `bind`, an address of this machine.
    """

    def __init__(self, host: str, users: int, processes: int, bind: str = "127.0.0.1") -> None:
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        # Has no name on disk, so it cannot be left behind.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            _command(host, users, processes, bind),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd="/",
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the harness, which then ends Locust in order
        )
        self._root = psutil.Process(self._process.pid)
        self._workers: list[psutil.Process] = []
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def send(self, message: Message) -> None:
        """Queue one command for the conductor."""
        self._outbox.put(message)

    def receive(self, timeout: float) -> Message:
        """Next message of the conductor.

        Raises:
            TimeoutError: none came within `timeout` seconds.
            ExperimentError: Locust has ended.
        """
        try:
            message = self._inbox.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            raise TimeoutError from None
        if message is None:
            self._inbox.put(None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(QUIT_SECONDS)
            code = self._process.returncode
            raise ExperimentError(f"the load generator ended with exit code {code}: {self.last_words()}")
        return message

    def cpu_seconds(self) -> dict[int, float]:
        """CPU time used so far by each Locust process, by pid."""
        self._look_for_workers()
        used: dict[int, float] = {}
        for process in (self._root, *self._workers):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                used[process.pid] = times.user + times.system
        return used

    def last_words(self) -> str:
        """Last line of Locust's log."""
        # Locust writes at the same file position, which must stay where it is.
        size = os.fstat(self._log.fileno()).st_size
        lines = os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it left no message")

    def close(self) -> None:
        """End Locust and its workers; by force if it does not quit when asked. No process is left."""
        self._look_for_workers()
        self._outbox.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(QUIT_SECONDS)
        # Its session is its own: nobody else is in this group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(self._workers, timeout=QUIT_SECONDS)
        for thread in self._threads:
            thread.join()
        self._log.close()

    def _look_for_workers(self) -> None:
        with contextlib.suppress(psutil.Error):
            self._workers = self._root.children(recursive=True) or self._workers

    def _write(self) -> None:
        # A plan may be larger than the pipe, and Locust reads it only once it is up.
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._process.stdin as pipe:
            while (message := self._outbox.get()) is not None:
                pipe.write(json.dumps(message).encode() + b"\n")
                pipe.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            for line in pipe:
                if line.startswith(b"{"):
                    self._inbox.put(json.loads(line))
        self._inbox.put(None)


def _command(host: str, users: int, processes: int, bind: str) -> Sequence[str]:
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless", "--host", host]
    # The rate is all at once: users only take their places, nothing is fired by spawning them.
    command += ["--users", str(users), "--spawn-rate", str(users)]
    command += ["--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0"]
    if processes > 1:
        port = str(_free_port(bind))
        command += ["--processes", str(processes), "--master-bind-host", bind]
        command += ["--master-bind-port", port, "--master-host", bind, "--master-port", port]
    return command


def _environment() -> dict[str, str]:
    """The harness's environment without what would configure Locust behind our back."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    # Without byte code each start costs a second of CPU instead of 0.4 s, and there is one per burst.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    path = [str(PROJECT), *filter(None, [kept.get("PYTHONPATH")])]
    # Locust reads ~/.locust.conf; packages installed with `pip --user` must still be found.
    home = {"HOME": os.devnull, "PYTHONUSERBASE": site.getuserbase()}
    return kept | home | {"PYTHONPATH": os.pathsep.join(path)}


def _free_port(bind: str) -> int:
    with socket.socket() as probe:
        probe.bind((bind, 0))
        return int(probe.getsockname()[1])
