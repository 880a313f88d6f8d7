"""The Locust processes of one plan: started, talked to over pipes, and ended with all their workers.

Nothing is put on disk. When the harness dies, however it dies, its end of the pipe closes and Locust quits.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import IO, Any

import psutil

from harness.errors import ExperimentError
from harness.load.place import Commands

QUIT_SECONDS = 3.0

Message = dict[str, Any]


class LocustProcess:
    """Locust, alone or as a master with workers, here or elsewhere."""

    def __init__(self, commands: Commands) -> None:
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        # Has no name on disk, so it cannot be left behind.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = self._started(commands.first, commands, subprocess.PIPE)
        self._workers = [self._started(command, commands, self._log) for command in commands.workers]
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

    def last_words(self) -> str:
        """Last line of Locust's log."""
        # Locust writes at the same file position, which must stay where it is.
        size = os.fstat(self._log.fileno()).st_size
        lines = os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it left no message")

    def close(self) -> None:
        """End Locust and its workers; by force if it does not quit when asked. No process is left."""
        below: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            below = psutil.Process(self._process.pid).children(recursive=True)
        self._outbox.put(None)
        for process in (self._process, *self._workers):  # these quit when their master does
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(QUIT_SECONDS)
            # Its session is its own: nobody else is in this group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        psutil.wait_procs(below, timeout=QUIT_SECONDS)
        for thread in self._threads:
            thread.join()
        for process in self._workers:
            assert process.stdin is not None
            process.stdin.close()
        self._log.close()

    def _started(
        self, command: Sequence[str], commands: Commands, output: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=self._log,
            cwd="/",
            env=dict(commands.environment),
            start_new_session=True,  # Ctrl-C is for the harness, which then ends Locust in order
        )

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
