"""These tests need a Kubernetes cluster whose nodes are on this machine. Without one they are skipped."""

import os
from collections.abc import Iterator

import pytest

from harness.stack.engine import LABEL
from tests.cluster.local_cluster import Cluster, cluster_here

ON_CLUSTER = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("as_on_a_terminal")]
"""Marks of what runs the harness on it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.get_closest_marker("cluster")]
    if mine and (missing := cluster_here()):
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=f"no cluster: {missing}"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with Cluster() as found:
        yield found


@pytest.fixture
def as_on_a_terminal(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cluster is what kubectl speaks to; afterwards no namespace of an experiment is there."""
    for name, told in cluster.environment.items():
        monkeypatch.setenv(name, told)
    monkeypatch.setenv("IMAGE_LOADER", f"{os.environ['CLUSTER']} load")
    yield
    assert not experiments(cluster)


def experiments(cluster: Cluster) -> list[str]:
    """Namespaces of experiments."""
    return cluster.kubectl("get", "namespaces", "-l", LABEL, "-o", "name").split()
