"""What ends an experiment from outside, and how it waits at a bad moment.

That is Ctrl-C, SIGTERM, as CI systems send it, and SIGHUP, which comes when the terminal is lost. A bad
moment is between the start of a process and the note that it was started.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def all_as_ctrl_c() -> Iterator[None]:
    """Every ending signal is a KeyboardInterrupt in the block, but for those ignored, as under nohup."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    with _handled(heard, interrupt):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Interrupts that come in the block take effect at its end, so that what it starts is not lost sight of.

    Keep it short: nothing in it can be interrupted. Without effect in threads, which get no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    try:
        with _handled(ENDING, note):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _handled(numbers: Iterable[int], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """A handler for these signals in the block, and those from before after it."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
