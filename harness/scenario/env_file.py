"""The file that `server.env_file` names: variables of the environment, as `.env` files hold them."""

from __future__ import annotations

from pathlib import Path

import dotenv
from dotenv.parser import parse_stream

from harness.errors import InputError


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
