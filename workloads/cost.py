"""The costs that the jobs plant: memory, waiting and computing, in known amounts."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAGE_BYTES = 4096


@contextmanager
def ballast(size_bytes: int) -> Iterator[bytearray]:
    """Hold `size_bytes` of memory; every page is written with its own content, so it is really there."""
    held = bytearray(size_bytes)
    for page in range(0, size_bytes, PAGE_BYTES):
        held[page : page + 8] = page.to_bytes(8, "little")[: len(held) - page]
    yield held


def wait_on_socket(seconds: float) -> None:
    """Wait for an answer over a real TCP connection on the loopback interface."""
    if seconds <= 0:
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_late() -> None:
            connection, _ = listener.accept()
            with connection:
                time.sleep(seconds)
                connection.sendall(b"done")

        threading.Thread(target=answer_late, daemon=True).start()
        with socket.create_connection(listener.getsockname()) as client:
            client.recv(4)


def compute(cpu_seconds: float, clock: Callable[[], float] = time.process_time) -> int:
    """Compute in pure Python until `clock` has gone on by `cpu_seconds` of CPU time."""
    end = clock() + cpu_seconds
    value = 1
    while clock() < end:
        for _ in range(2000):
            value = (value * 1103515245 + 12345) % 2147483648
    return value


def wait_until(instant: float) -> None:
    """Sleep until `instant` of the monotonic clock; returns at once when it has passed."""
    left = instant - time.monotonic()
    if left > 0:
        time.sleep(left)
