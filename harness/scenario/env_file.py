"""The environment of the code server: what `server.env` leaves to ours, and the file of `server.env_file`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import dotenv
from dotenv.parser import parse_stream

from harness.errors import InputError

_SECRET = re.compile(r"secret|token|passw|credential|private|(api|access)_?key|(\b|_)dsn$", re.IGNORECASE)


def read_env_file(path: Path) -> dict[str, str]:
    """Variables by name, read as Dagster reads a `.env`: with quotes, comments and `${OTHER}`.

    Raises:
        InputError: not there, not text, or a line that is no variable.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except OSError as error:
        raise InputError(f"server.env_file: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"server.env_file: {path} is not UTF-8 text") from None
    for one in bindings:
        if one.error or (one.key is not None and one.value is None):
            # not the line itself, which may hold a secret
            raise InputError(f"server.env_file: {path}:{_line(one.original)}: NAME=value is expected")
    return {name: value or "" for name, value in dotenv.dotenv_values(path).items()}


def _line(original: object) -> int:
    """Where a binding is; a binding begins with the empty lines before it."""
    text = str(getattr(original, "string", ""))
    return int(getattr(original, "line", 0)) + len(text) - len(text.lstrip("\n"))


def taken_from_outside(env: Mapping[str, str | None]) -> dict[str, str]:
    """`server.env` with the values that are left to the environment that the harness runs in.

    Raises:
        InputError: a variable is left to it that it does not have.
    """
    values = {name: os.environ.get(name) if value is None else value for name, value in env.items()}
    if lacking := [name for name, value in values.items() if value is None]:
        raise InputError(
            f"server.env: {', '.join(lacking)} without a value is taken from the environment of this command,"
            " where it is not set; set it"
        )
    return {name: value for name, value in values.items() if value is not None}


def kept_secrets(env: Mapping[str, str | None]) -> tuple[str, ...]:
    """Names in `server.env` that sound like secrets and have values, which results would keep."""
    return tuple(name for name, value in env.items() if value and _SECRET.search(name))
