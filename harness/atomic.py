"""Writing a file whole or not at all: beside it first, then in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(final: Path, durable: bool = True) -> Iterator[Path]:
    """A path beside `final` to write to; the file takes its place when the block ends well, else it goes.

    Args:
        final: what shall be there, in a folder that exists.
        durable: wait until it is on the disk, so that it is whole even after a loss of power.

    Raises:
        OSError: it cannot be written.
    """
    # its own ending: what a killed writer leaves is not taken for a file of that kind
    temporary = final.with_name(f".{final.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if durable:
            _sync(temporary)
        temporary.replace(final)
    except OSError as error:
        if error.filename == str(temporary):
            error.filename = str(final)  # what the user knows of
        raise
    finally:
        if temporary.exists():
            temporary.unlink()
    if durable:
        _sync(final.parent)


def write_text(final: Path, text: str, durable: bool = True) -> None:
    """Replace a text file (UTF-8); as `replacing`."""
    with replacing(final, durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
