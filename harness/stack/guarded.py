"""Helper processes that end when this one does, however it ends, though they read nothing of it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Mapping, Sequence

_SCRIPT = """
exec 3<&0
folder=$1
shift
"$@" </dev/null & helper=$!
{ cat <&3; kill $helper; } >/dev/null 2>&1 & guard=$!
wait $helper
code=$?
kill $guard 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder"
exit $code
"""
"""The shell's input is a pipe of this process, which is at its end when this process is."""


class Guarded:
    """One such process, until it is closed."""

    def __init__(
        self, command: Sequence[str], remove: str = "", environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it.

        Args:
            command: of the helper, which may print.
            remove: a folder that goes when it has ended; empty for none.
            environment: whole; None for this process's own.
        """
        self.process = subprocess.Popen(
            ["sh", "-c", _SCRIPT, "sh", remove, *command],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C on the terminal is for the harness, which has things to remove then.
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    @property
    def complaint(self) -> str:
        """What one that has ended wrote to its standard error."""
        return self.process.communicate()[1].strip()

    def end(self) -> None:
        """Have it end; returns at once."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def close(self, seconds: float = 10.0) -> None:
        """End it, and wait no longer than `seconds` until it has."""
        self.end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def listens(here: str) -> bool:
    """Whether something does, at the path of a socket or at `host:port`."""
    host, _, port = here.rpartition(":")
    with socket.socket(socket.AF_INET if host else socket.AF_UNIX) as probe:
        return probe.connect_ex((host, int(port)) if host else here) == 0
