"""Commands of this harness as children, each on a node of a cluster, that end when this one does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from rich.console import Console

from harness.errors import InvalidResultError
from harness.stack.cluster_nodes import is_lost
from harness.stack.guarded import Guarded

_END_SECONDS = 240.0
"""What was begun in a cluster is gone after so long, even where a node does not answer."""
_LOST_SECONDS = 90.0
"""A cluster waits for 40 s before it calls a node that went silent not ready."""
_POLL_SECONDS = 3.0


class Children:
    """Starts them, and shows what they print with the name of the node before it."""

    def __init__(self, nodes: Sequence[str], console: Console) -> None:
        """Start nothing yet.

        Args:
            nodes: that are measured on at the same time.
            console: to print on.
        """
        self._keep_off = ",".join(nodes)
        self._console, self._lock = console, threading.Lock()
        self._running: set[Guarded] = set()
        self._closing = threading.Event()

    def measured(self, arguments: Sequence[str], node: str) -> str:
        """Run `dagster-sizing` with these on a node; returns why it broke off, or empty text.

        A result that is not valid is a result.
        """
        if self._closing.is_set():
            return "interrupted"
        place = ("--node", node, "--keep-off", self._keep_off)
        child = Guarded([sys.executable, "-m", "harness", *arguments, *place])
        self._running.add(child)
        try:
            assert child.process.stdout is not None
            for line in child.process.stdout:
                self.show(node, line.rstrip())
            code, complaint = child.process.wait(), child.complaint
        except ValueError:  # closed meanwhile
            return "interrupted"
        if code in (0, InvalidResultError.exit_code):
            return ""
        lines = [one for one in complaint.splitlines() if one.strip()] or [f"exit code {code}"]
        self.show(node, lines[-1])
        return lines[-1].removeprefix("error: ")

    def is_lost(self, node: str) -> bool:
        """Whether a node is gone, after something broke off on it; takes a while to say that it is not."""
        waited = 0.0
        while not is_lost(node):
            if waited >= _LOST_SECONDS or self._closing.wait(_POLL_SECONDS):
                return False
            waited += _POLL_SECONDS
        return True

    def show(self, whose: str, text: str) -> None:
        """A line about a node, or about the whole."""
        with self._lock:
            self._console.print(f"{whose}: {text}", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """End those that still run, each as by Ctrl-C, and wait until what they started is gone."""
        self._closing.set()
        for child in list(self._running):
            child.end()
        for child in list(self._running):
            child.close(_END_SECONDS)
