"""These tests need a Kubernetes cluster whose nodes are on this machine. Without one they are skipped."""

from collections.abc import Iterator

import pytest

from tests.cluster.local_cluster import Cluster, cluster_here


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.get_closest_marker("cluster")]
    if mine and (missing := cluster_here()):
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=f"no cluster: {missing}"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with Cluster() as found:
        yield found
