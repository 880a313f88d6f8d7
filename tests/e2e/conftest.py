"""These tests need Docker. Where none answers they are skipped and say so; in CI that is a failure."""

import os
from collections.abc import Iterator

import docker
import pytest

from harness.errors import MachineError
from harness.stack.engine import require_engine
from tests.e2e.engine_support import things
from tests.integration.bench_support import end_all


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.get_closest_marker("e2e")]
    if not mine:
        return
    try:
        require_engine()[0].close()
    except MachineError as error:
        if os.environ.get("CI"):
            pytest.exit(f"CI must run the tests marked e2e: {error}", returncode=1)
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=f"Docker: {error}"))


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client, _ = require_engine()
    yield client
    client.close()


@pytest.fixture(autouse=True)
def nothing_left_in_the_engine(engine: docker.DockerClient) -> Iterator[None]:
    """What every test must keep: containers, networks, volumes and images are afterwards as before."""
    before = things(engine)
    yield
    end_all()
    assert things(engine) == before
