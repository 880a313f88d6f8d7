"""Small files of the kernel: kept open, read, and taken apart.

Opening and closing a file costs ten times the read of it, so what is read again and again is opened once and
read with `pread`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_READ_SIZE = 8192
"""More than any of the kept files holds (memory.stat is about 2 KiB)."""
_PART_SIZE = 65536


class KeptFile:
    """A small kernel file kept open; reads as empty where it does not exist or its cgroup is gone."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self._descriptor: int | None = None
        try:
            self._descriptor = os.open(path, flags | os.O_CLOEXEC)
        except OSError:
            return

    @property
    def descriptor(self) -> int | None:
        """None where the file could not be opened."""
        return self._descriptor

    @property
    def exists(self) -> bool:
        """Whether the file could be opened."""
        return self._descriptor is not None

    def read(self) -> bytes:
        """The whole content."""
        if self._descriptor is None:
            return b""
        try:
            return os.pread(self._descriptor, _READ_SIZE, 0)
        except OSError:
            return b""

    def integer(self) -> int | None:
        """The content as one number; None for an empty file."""
        return integer(self.read())

    def write(self, text: bytes) -> bool:
        """Write `text`; false where the kernel refuses."""
        if self._descriptor is None:
            return False
        try:
            os.pwrite(self._descriptor, text, 0)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the descriptor; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class KeptFiles:
    """Several of them, read one after the other."""

    def __init__(self, *paths: Path) -> None:
        self._files = [KeptFile(path) for path in paths]
        there = [file.descriptor for file in self._files if file.descriptor is not None]
        self._descriptors = there if len(there) == len(paths) else None

    def read(self) -> list[bytes]:
        """The whole content of each."""
        if self._descriptors is not None:
            # neither a function nor a context manager: this is the innermost loop of the sampler
            try:
                return [os.pread(descriptor, _READ_SIZE, 0) for descriptor in self._descriptors]
            except OSError:
                pass
        return [file.read() for file in self._files]

    def close(self) -> None:
        """Close every descriptor; may be called again."""
        self._descriptors = None
        for file in self._files:
            file.close()


def whole_file(path: str) -> bytes:
    """A file of any length, by one that is not kept; empty where it is gone or may not be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, _PART_SIZE):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def integer(text: bytes) -> int | None:
    """The content of a file that holds one number; None for an empty one."""
    return int(text) if text else None


@lru_cache(maxsize=16)  # most files say the same again and again
def values(text: bytes, *names: bytes) -> tuple[int | None, ...]:
    """The values of the lines `name value`, in the order of `names`; None for a missing line."""
    text = b"\n" + text
    return tuple(_value(text, name) for name in names)


def _value(text: bytes, name: bytes) -> int | None:
    # Splitting all forty lines of memory.stat would cost as much as all the reads together.
    _, found, after = text.partition(b"\n" + name + b" ")
    return int(after[: after.find(b"\n")]) if found else None
