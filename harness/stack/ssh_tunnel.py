"""An engine on another machine, reached by ssh: its socket and its published ports, brought here.

docker-py's own ssh transport hangs when a container is attached to, so the engine's socket is forwarded and
spoken to as if it were here. Each `ssh` ends when this process does, however that ends, and its socket goes.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import MachineError
from harness.stack.guarded import Guarded, listens

SCHEME = "ssh://"
SOCKET = "/var/run/docker.sock"
"""Where an engine listens, unless the address has a path."""
_CONNECT_SECONDS = 15
_OPTIONS = (
    *("-nNT", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"),
    *("-o", f"ConnectTimeout={_CONNECT_SECONDS}", "-o", "StreamLocalBindUnlink=yes"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
)


class Forward:
    """Something of another machine that can be reached here until it is closed."""

    def __init__(self, host: str, there: str, here: str, remove: str = "") -> None:
        """Forward it; returns when it can be reached.

        Args:
            host: `ssh://[user@]host[:port]`.
            there: a socket's path, or `127.0.0.1:PORT`.
            here: likewise.
            remove: a folder that goes when it is over.

        Raises:
            MachineError: ssh said no; one line with the fix.
        """
        command = ["ssh", *_OPTIONS, "-L", f"{here}:{there}", *_destination(host)]
        if shutil.which("ssh") is None:
            raise MachineError(f"{host}: ssh is not installed; install an OpenSSH client")
        self._process = Guarded(command, remove)
        while not listens(here):
            if not self.alive:
                raise MachineError(_refused(host, self._process.complaint))
            time.sleep(0.05)

    @property
    def alive(self) -> bool:
        """Whether it still is."""
        return self._process.alive

    def close(self) -> None:
        """End it."""
        self._process.close()


@functools.cache
def engine_socket(host: str) -> str:
    """The socket here, `unix://...`, of the engine at `ssh://...`; it lasts as long as this process.

    Raises:
        MachineError: ssh said no.
    """
    folder = tempfile.mkdtemp(prefix="dagster-sizing-ssh-")  # for this user alone
    here = str(Path(folder) / "docker.sock")
    _forwards.append(Forward(host, urlsplit(host).path.rstrip("/") or SOCKET, here, remove=folder))
    return f"unix://{here}"


_forwards: list[Forward] = []
"""Those of `engine_socket`: without them, Python would close their pipes."""


def _destination(host: str) -> list[str]:
    """What ssh takes for it; MachineError where it is no address."""
    parts = urlsplit(host)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.hostname or port == -1 or parts.password is not None:
        shown = host.replace(f":{parts.password}@", ":***@")
        raise MachineError(f"{shown}: write the engine's address as ssh://USER@HOST or ssh://USER@HOST:PORT")
    user = ["-l", parts.username] if parts.username else []
    return [*(["-p", str(port)] if port else []), *user, "--", parts.hostname]


def _refused(host: str, said: str) -> str:
    """One line with the fix."""
    last = " ".join((said.splitlines() or ["ssh ended without a word"])[-1].split())[:200]
    destination = " ".join(_destination(host)[:-2] + _destination(host)[-1:])
    if "forward" in said.lower() or "open failed" in said:
        return f"{host}: ssh cannot forward to the engine there ({last}); the server has to allow forwarding"
    return (
        f"{host}: ssh cannot log in without asking ({last}); try `ssh -o BatchMode=yes {destination} true`: "
        "add your key to the agent, and the host to known_hosts"
    )
