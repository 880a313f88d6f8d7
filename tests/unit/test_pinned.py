"""Requirements that give another environment what this one has."""

from importlib.metadata import version

import pytest

from harness.stack.pinned import pinned


def test_all_that_a_distribution_needs_is_pinned_to_what_is_here() -> None:
    found = dict(one.split("==") for one in pinned("locust"))
    assert found["locust"] == version("locust")
    assert found["pyzmq"] == version("pyzmq")
    assert "websocket-client" in found  # by an extra that a requirement asks for
    assert "dagster" not in found
    assert "colorama" not in found  # for Windows alone


def test_what_is_not_installed_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        pinned("no-such-distribution")
