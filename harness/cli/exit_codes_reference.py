"""The page on exit codes, from the registry of errors.

python -m harness.cli.exit_codes_reference > docs/exit-codes.md      writes it anew
"""

from __future__ import annotations

from harness.errors import EXIT_CODES

_HEAD = """\
# Exit codes

<!-- Written by `python -m harness.cli.exit_codes_reference` from harness/errors.py. Do not edit. -->

What a command ended with, for scripts and CI. An error is one line on stderr that says what is wrong, where,
and what to do about it.

| code | meaning |
|---|---|
"""


def render_exit_codes() -> str:
    """The page, as Markdown."""
    return _HEAD + "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())


if __name__ == "__main__":
    print(render_exit_codes(), end="")
