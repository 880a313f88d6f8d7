"""A terminal that is closed while an experiment runs in it ends it as cleanly as Ctrl-C does."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.integration.bench_support import QUICK, ROOT, document, traces

pytestmark = pytest.mark.integration


def read_until(terminal: int, word: bytes) -> None:
    seen, end = b"", time.monotonic() + 120
    while word not in seen:
        assert time.monotonic() < end, seen
        seen += os.read(terminal, 4096)


def test_a_closed_terminal_leaves_nothing(tmp_path: Path) -> None:
    out, state = tmp_path / "result", tmp_path / "state"
    terminal, inside = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "bench", str(QUICK), "--out", str(out)],
        cwd=ROOT,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=os.environ | {"DAGSTER_SIZING_STATE": str(state)},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(inside)
    try:
        read_until(terminal, b"warm-up burst 2")
        os.close(terminal)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
    assert traces(state) == []
    assert not (state / "crashes").exists()
    assert document(out).validity.state == "inconclusive"
