"""Readings from CloudWatch: what is read of ECS and EKS, how it is stamped, and what is refused.

The service is moto's, in this process, and asked with the real client of AWS.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import boto3
import numpy as np
import pytest
from moto import mock_aws

from harness.cli.metrics_source import MetricsOptions, metrics_source
from harness.errors import HarnessError, InputError
from harness.metrics import cloudwatch_client
from harness.metrics.cloudwatch import CloudWatchSource
from harness.metrics.cloudwatch_lives import alone, counter, restarted
from harness.metrics.source import Abilities, Instance, Readings
from tests.unit.aws_settings import one_line, own_settings

REGION = "eu-west-1"
ECS, EKS = "ECS/ContainerInsights", "ContainerInsights"
MIB = 1 << 20
SERVICE = {"ClusterName": "prod", "ServiceName": "dagster"}
SELECT = 'ClusterName="prod",ServiceName="dagster"'
POD = {"ClusterName": "prod", "Namespace": "data", "PodName": "dagster", "FullPodName": "dagster-7d9f-x2k4p"}
OF_POD = 'ClusterName="prod",Namespace="data",PodName="dagster"'
NOW = time.time() // 60 * 60


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    own_settings(monkeypatch)


class Cloud:
    """Plants metrics."""

    def __init__(self) -> None:
        self._client = boto3.session.Session(region_name=REGION).client("cloudwatch")

    def put(
        self,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str],
        values: Sequence[float],
        begin: float = NOW - 3600,
        every: float = 60,
    ) -> None:
        """One value each minute from a minute on; nan for none."""
        data = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": datetime.fromtimestamp(begin + every * number, UTC),
                "Value": value,
            }
            for number, value in enumerate(values)
            if not np.isnan(value)
        ]
        self._client.put_metric_data(Namespace=namespace, MetricData=data)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


def read(
    select: str = SELECT, since: float = NOW - 7200, until: float = NOW
) -> tuple[tuple[Instance, ...], Abilities]:
    return CloudWatchSource(select, REGION).read(since, until, lambda _line: None)


def refused(select: str = SELECT, since: float = NOW - 7200, until: float = NOW) -> str:
    with pytest.raises(HarnessError) as told:
        read(select, since, until)
    return one_line(told.value)


def task(number: int) -> dict[str, str]:
    return SERVICE | {"TaskId": f"{number:032x}"}


def test_a_task_is_read_in_our_units_under_the_end_of_each_minute(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", task(1), [500, 510, 520])
    cloud.put(ECS, "CpuUtilized", task(1), [512, 1024, 256])
    cloud.put(ECS, "MemoryReserved", task(1), [2048] * 3)
    cloud.put(ECS, "CpuReserved", task(1), [2048] * 3)
    (one,), abilities = read()
    assert one.name == f"{1:032x}"
    memory, cpu = one.readings["working_set_bytes"], one.readings["cpu_seconds"]
    assert memory.at.tolist() == [NOW - 3540, NOW - 3480, NOW - 3420]
    assert memory.values.tolist() == [500 * MIB, 510 * MIB, 520 * MIB]
    assert cpu.at.tolist() == memory.at.tolist()
    assert np.diff(cpu.values).tolist() == [60.0, 15.0]  # a core for a minute, and a quarter of one
    assert one.memory_limit_bytes is not None
    assert one.memory_limit_bytes.values.tolist() == [2048 * MIB]
    assert one.cpu_limit_cores is not None
    assert one.cpu_limit_cores.values.tolist() == [2.0]
    assert (one.began, one.ended) == (NOW - 3540, np.inf)
    assert (one.oom_kills, one.ended_by_oom) == (None, None)
    assert (abilities.kind, abilities.window_seconds, abilities.interval_seconds) == ("mean", 60.0, 60.0)
    assert {"threads", "the kernel's own peak", "page cache by itself"} <= set(abilities.unknown)
    assert "whether what the task reserves is a limit, as it is on Fargate" in abilities.unknown
    assert not {"CPU time", "the memory limit", "the CPU limit"} & set(abilities.unknown)


def test_each_task_is_a_life(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", task(1), [0, *range(500, 520)])  # nothing is told of it at its begin
    cloud.put(ECS, "MemoryUtilized", task(2), range(300, 320), NOW - 3600 + 20 * 60)
    (first, second), abilities = read()
    assert (first.name, first.ended) == (f"{1:032x}", NOW - 3600 + 21 * 60)
    assert (second.name, second.began, second.ended) == (f"{2:032x}", NOW - 3600 + 21 * 60, np.inf)
    assert len(first.readings["working_set_bytes"].at) == 20
    assert "cpu_seconds" not in first.readings
    assert {"CPU time", "the memory limit", "the CPU limit"} <= set(abilities.unknown)
    (alone_read,), _ = read(f'{SELECT},TaskId="{1:032x}"')
    assert alone_read.name == first.name


def test_a_family_without_a_service_and_a_container_are_read(cloud: Cloud) -> None:
    family = {"ClusterName": "prod", "TaskDefinitionFamily": "code", "TaskId": "7" * 32}
    cloud.put(ECS, "MemoryUtilized", family, [400, 400])
    container = task(1) | {"ContainerName": "dagster"}
    cloud.put(ECS, "MemoryUtilized", task(1), [900, 900])
    cloud.put(ECS, "ContainerMemoryUtilized", container, [800, 800])
    cloud.put(ECS, "ContainerMemoryUtilized", task(1) | {"ContainerName": "proxy"}, [100, 100])
    for select, mib in (
        ('{ClusterName="prod",TaskDefinitionFamily="code"}', 400),
        (SELECT, 900),
        (f"{SELECT},ContainerName='dagster'", 800),
    ):
        (one,), _ = read(select)
        assert one.readings["working_set_bytes"].values.tolist() == [mib * MIB] * 2


def test_what_is_exceeded_is_no_limit(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", task(1), [500, 600, 500])
    cloud.put(ECS, "MemoryReserved", task(1), [512] * 3)
    cloud.put(ECS, "CpuUtilized", task(1), [100] * 3)
    cloud.put(ECS, "CpuReserved", task(1), [1024] * 3)
    (one,), abilities = read()
    assert one.memory_limit_bytes is None
    assert one.cpu_limit_cores is not None
    assert "the memory limit" in abilities.unknown
    assert "the CPU limit" not in abilities.unknown


def test_a_service_by_itself_is_read_where_one_task_ran_at_a_time(cloud: Cloud) -> None:
    counts = [1.0] * 30 + [2.0] + [1.0] * 29
    cloud.put(ECS, "MemoryUtilized", SERVICE, [500.0] * 30 + [400.0] + [300.0] * 29)
    cloud.put(ECS, "CpuUtilized", SERVICE, [1024.0] * 60)
    cloud.put(ECS, "RunningTaskCount", SERVICE, counts)
    (first, second), abilities = read()
    assert (first.name, second.name) == ("dagster", "dagster (2)")
    assert set(first.readings["working_set_bytes"].values) == {500.0 * MIB}
    assert set(second.readings["working_set_bytes"].values) == {300.0 * MIB}
    assert (first.ended, second.began) == (NOW - 3600 + 30 * 60, NOW - 3600 + 32 * 60)
    assert first.readings["cpu_seconds"].values[-1] == 30 * 60
    assert second.readings["cpu_seconds"].values[-1] == 29 * 60
    assert "when a task was replaced, where no other number of tasks was told between" in abilities.unknown


def test_a_mean_over_several_tasks_is_refused(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", SERVICE, [500.0] * 10)
    cloud.put(ECS, "RunningTaskCount", SERVICE, [2.0] * 10)
    said = refused()
    assert "more than one task ran in 100% of the time" in said
    assert "--cluster prod --settings name=containerInsights,value=enhanced" in said


def test_that_nobody_counted_tasks_is_told(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", SERVICE, [500.0] * 10)
    assert "whether more than one task ran" in read()[1].unknown


def test_a_restart_within_a_task_is_another_life(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", task(1), [500.0] * 10 + [300.0] * 10)
    cloud.put(ECS, "CpuUtilized", task(1), [512.0] * 20)
    cloud.put(ECS, "RestartCount", task(1), [0.0] * 10 + [1.0] + [0.0] * 9)
    first, second = read()[0]
    assert (first.ended, second.began) == (NOW - 3600 + 600, NOW - 3600 + 660)
    assert second.readings["cpu_seconds"].values[0] == 30.0


def test_a_pod_is_read_at_the_middle_of_each_minute(cloud: Cloud) -> None:
    cloud.put(EKS, "pod_memory_working_set", POD, [5e8, 6e8])
    cloud.put(EKS, "pod_cpu_usage_total", POD, [250, 500])
    cloud.put(EKS, "pod_memory_limit", POD, [1e9, 1e9])
    cloud.put(EKS, "pod_memory_working_set", {key: POD[key] for key in list(POD)[:3]}, [1.0, 1.0])
    (one,), abilities = read(OF_POD)
    assert one.name == POD["FullPodName"]
    assert one.readings["working_set_bytes"].at.tolist() == [NOW - 3570, NOW - 3510]
    assert one.readings["working_set_bytes"].values.tolist() == [5e8, 6e8]
    assert np.diff(one.readings["cpu_seconds"].values).tolist() == [30.0]
    assert one.memory_limit_bytes is not None
    assert (abilities.kind, abilities.window_seconds, abilities.stamp) == ("point", 0.0, "scraped")
    assert "when in its minute each reading was taken" in abilities.unknown
    assert "when a container was restarted in its pod" in abilities.unknown


def test_an_agent_that_looks_more_often_tells_means(cloud: Cloud) -> None:
    cloud.put(EKS, "pod_memory_working_set", POD, [5e8, 6e8, 7e8, 8e8], every=30)
    (one,), abilities = read(OF_POD)
    assert one.readings["working_set_bytes"].at.tolist() == [NOW - 3540, NOW - 3480]
    assert one.readings["working_set_bytes"].values.tolist() == [5.5e8, 7.5e8]
    assert (abilities.kind, abilities.window_seconds) == ("mean", 60.0)


def test_a_container_of_a_pod_is_told_by_the_shares_of_its_limits(cloud: Cloud) -> None:
    container = POD | {"ContainerName": "dagster"}
    cloud.put(EKS, "container_memory_utilization_over_container_limit", container, [50.0, 25.0])
    cloud.put(EKS, "container_memory_limit", container, [1e9, 1e9])
    cloud.put(EKS, "container_cpu_utilization_over_container_limit", container, [100.0, 50.0])
    cloud.put(EKS, "container_cpu_limit", container, [2000.0, 2000.0])
    cloud.put(EKS, "pod_number_of_container_restarts", POD, [0.0, 1.0])
    (first, second), abilities = read(f'{OF_POD},ContainerName="dagster"')
    assert first.readings["working_set_bytes"].values.tolist() == [5e8]
    assert second.readings["working_set_bytes"].values.tolist() == [2.5e8]
    assert first.readings["cpu_seconds"].values.tolist() == [120.0]
    assert second.readings["cpu_seconds"].values.tolist() == [60.0]
    assert second.cpu_limit_cores is not None
    assert second.cpu_limit_cores.values.tolist() == [2.0]
    assert "when a container was restarted in its pod" not in abilities.unknown


def test_an_older_agent_tells_a_pod_by_the_shares_of_its_limit(cloud: Cloud) -> None:
    cloud.put(EKS, "pod_memory_utilization_over_pod_limit", POD, [50.0])
    cloud.put(EKS, "pod_memory_limit", POD, [1e9])
    (one,), _ = read(OF_POD)
    assert one.readings["working_set_bytes"].values.tolist() == [5e8]


def test_the_counter_grows_over_a_gap_at_the_mean_of_the_rates_beside_it() -> None:
    told = counter(Readings(np.array([0.0, 60, 360, 420]), np.array([1.0, 1.0, 0.5, 0.5])), 60)
    assert told.values.tolist() == [60, 120, 120 + 240 * 0.75 + 30, 120 + 240 * 0.75 + 60]


def test_a_gap_in_the_number_of_tasks_is_no_other_task() -> None:
    means = Readings(np.arange(0.0, 360, 60), np.arange(6.0))
    kept, begins = alone(means, Readings(np.array([0.0, 300]), np.array([1.0, 1.0])))
    assert (kept.at.tolist(), begins.tolist()) == (means.at.tolist(), [])
    kept, begins = alone(means, Readings(np.array([0.0, 120, 180, 300]), np.array([1.0, 2, 1.5, 1])))
    assert (kept.at.tolist(), begins.tolist()) == ([0, 60, 240, 300], [240])


def test_a_restart_that_leaves_memory_as_it_is_is_none_of_ours() -> None:
    memory = Readings(np.arange(0.0, 300, 60), np.array([5.0, 5, 6, 2, 2]))
    restarts = Readings(np.arange(0.0, 300, 60), np.array([1.0, 0, 1, 1, 0]))
    assert restarted(memory, restarts).tolist() == [180]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("prod", "names of dimensions and their values are expected"),
        ('cluster="prod"', "cluster is no dimension of Container Insights; there are ClusterName"),
        ('ClusterName=~"prod.*"', "CloudWatch knows only = and a whole value"),
        ('ClusterName=""', "CloudWatch knows only = and a whole value"),
        ('ClusterName="a",ClusterName="b"', "name each dimension once"),
        ('ServiceName="a",PodName="b"', "nothing is published under all of these dimensions together"),
    ],
)
def test_what_cannot_be_selected_is_refused(select: str, expected: str) -> None:
    with pytest.raises(InputError) as told:
        CloudWatchSource(select, REGION)
    assert expected in one_line(told.value)


def test_where_nothing_is_selected_there_is_told_what_there_is(cloud: Cloud) -> None:
    assert "is that turned on, and is this the region?" in refused()
    cloud.put(ECS, "MemoryUtilized", SERVICE | {"ServiceName": "web"}, [500.0])
    cloud.put(ECS, "MemoryUtilized", task(1), [500.0])
    said = refused('ClusterName="prod",ServiceName="dagstr"')
    assert said.endswith(
        'there are \'ClusterName="prod",ServiceName="dagster"\', \'ClusterName="prod",ServiceName="web"\''
    )
    assert "with enhanced observability alone" in refused(f'{SELECT},ContainerName="dagster"')


def test_several_deployments_are_refused_with_what_to_select(cloud: Cloud) -> None:
    for name in ("dagster", "web"):
        cloud.put(ECS, "MemoryUtilized", SERVICE | {"ServiceName": name}, [500.0])
    cloud.put(EKS, "pod_memory_working_set", POD, [5e8])
    said = refused('ClusterName="prod"')
    assert "3 deployments in cloudwatch eu-west-1; select one of them" in said
    assert f"'{SELECT}'" in said
    assert f"'{OF_POD}'" in said


def test_shares_of_nodes_are_not_enough(cloud: Cloud) -> None:
    of_all = {name: POD[name] for name in ("ClusterName", "Namespace", "PodName")}
    cloud.put(EKS, "pod_memory_utilization", of_all, [12.0])
    assert "only shares of their nodes: turn on Container Insights with enhanced" in refused(OF_POD)


def test_what_is_older_than_fifteen_days_is_gone(cloud: Cloud) -> None:
    cloud.put(ECS, "MemoryUtilized", task(1), [500.0])
    assert "keeps readings of a minute for 15 days" in refused(since=NOW - 30 * 86400, until=NOW - 16 * 86400)
    said: list[str] = []
    found, _ = CloudWatchSource(SELECT, REGION).read(NOW - 30 * 86400, NOW, said.append)
    assert len(found) == 1
    assert "read from" in said[0]
    assert "has no reading of memory between" in refused(since=NOW - 600)


def test_more_series_than_one_question_takes_are_asked_for_in_several(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudwatch_client, "MOST_QUERIES", 2)
    for number in range(5):
        cloud.put(ECS, "MemoryUtilized", task(number), [500.0 + number], NOW - 3600 + number * 60)
    assert [one.readings["working_set_bytes"].values[0] for one in read()[0]] == [
        (500.0 + number) * MIB for number in range(5)
    ]


def test_the_option_names_the_region() -> None:
    source = metrics_source(MetricsOptions(f"cloudwatch={REGION}", SELECT))
    assert source.name == "cloudwatch eu-west-1"
    with pytest.raises(InputError, match="--select: name the code server's service"):
        metrics_source(MetricsOptions(f"cloudwatch={REGION}"))
