"""A real sshd on this machine, with keys of its own, for one that is on another."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.stack.ports import free_port

_SSHD = "/usr/sbin/sshd"
_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
"""
_OPTIONS = "-i {folder}/user -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=accept-new"


@dataclass(frozen=True)
class Sshd:
    """One that answers."""

    host: str
    """As `ssh://127.0.0.1:PORT`."""
    path: str
    """A PATH whose `ssh` has the key for it."""


def missing() -> str:
    """Which programs are not there; empty where all are."""
    return ", ".join(one for one in ("ssh", "ssh-keygen", _SSHD) if shutil.which(one) is None)


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """One of this user, until the block ends."""
    folder.mkdir()
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it shuts itself in
    port = free_port()
    (folder / "config").write_text(_CONFIG.format(folder=folder, port=port))
    (folder / "bin").mkdir()
    ssh = folder / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} {_OPTIONS.format(folder=folder)} "$@"\n')
    ssh.chmod(0o755)
    found = Sshd(f"ssh://127.0.0.1:{port}", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([_SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=log)
    try:
        _wait(found)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(found: Sshd) -> None:
    deadline = time.monotonic() + 30
    port = found.host.rpartition(":")[2]
    while True:
        done = subprocess.run(
            ["ssh", "-o", "BatchMode=yes", "-p", port, "127.0.0.1", "true"],
            env=os.environ | {"PATH": found.path},
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.1)
