from collections.abc import Iterator

import pytest

from tests.integration.bench_support import end_all


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A test that fails must not disturb the next one's measurement."""
    yield
    end_all()
