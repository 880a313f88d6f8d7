"""An engine's socket, and ports, brought here from where a real sshd answers."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from harness.errors import MachineError
from harness.stack.ports import free_port
from harness.stack.ssh_tunnel import Forward
from tests.real_sshd import missing, sshd

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(missing()), reason=f"not on the PATH: {missing()} (Debian: openssh-server)"),
]
HERE = Path(__file__).parents[2]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with sshd(tmp_path / "sshd") as found:
        monkeypatch.setenv("PATH", found.path)
        yield found.host


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    """The port of a server that answers with what is in a folder."""
    (tmp_path / "told.txt").write_text("told")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_port_is_here_until_it_is_closed(host: str, served: int) -> None:
    here = f"127.0.0.1:{free_port()}"
    forward = Forward(host, f"127.0.0.1:{served}", here)
    assert requests.get(f"http://{here}/told.txt", timeout=10).text == "told"
    forward.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{here}/told.txt", timeout=10)


def test_nothing_is_left_of_a_killed_process(host: str, tmp_path: Path) -> None:
    """Neither ssh nor the folder with the socket outlives who asked for them, however that ended."""
    folder = tmp_path / "socket"
    folder.mkdir(mode=0o700)
    there = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(there))
        engine.listen()
        script = (
            "import sys, time; from harness.stack.ssh_tunnel import Forward\n"
            "forward = Forward(*sys.argv[1:4], remove=sys.argv[4]); print('up', flush=True); time.sleep(60)"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script, host, str(there), str(folder / "docker.sock"), str(folder)],
            stdout=subprocess.PIPE,
            cwd=HERE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        children = psutil.Process(process.pid).children(recursive=True)
        assert {"sh", "ssh"} <= {one.name() for one in children}
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "docker.sock"))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in children))
        until(lambda: not folder.exists())


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (lambda host: host.replace("ssh://", "ssh://nobody-of-that-name@"), "cannot log in without asking"),
        (lambda host: f"ssh://127.0.0.1:{free_port()}", "cannot log in without asking"),
        (lambda host: "ssh://:22", "write the engine's address as ssh://USER@HOST"),
        (lambda host: "ssh://me:secret@there", "write the engine's address as ssh://USER@HOST"),
    ],
)
def test_what_ssh_refuses_is_one_line(host: str, changed: Callable[[str], str], expected: str) -> None:
    with pytest.raises(MachineError) as caught:
        Forward(changed(host), "127.0.0.1:1", f"127.0.0.1:{free_port()}")
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_no_ssh_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "sh").symlink_to(shell)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match="ssh"):
        Forward("ssh://there", "127.0.0.1:1", f"127.0.0.1:{free_port()}")
