"""AWS settings of a test's own, with secrets that no message may show."""

from __future__ import annotations

import pytest

KEY_ID, SECRET = "AKIANOTTOBESHOWN", "wJalrXUtnFEMI-not-to-be-shown"


def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine count, and nobody is asked for credentials."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


def one_line(error: BaseException) -> str:
    """The message, held to be one line without secrets."""
    assert "\n" not in str(error)
    assert SECRET not in str(error)
    assert KEY_ID not in str(error)
    return str(error)
