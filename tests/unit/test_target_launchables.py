"""What a job or assets are launched with, by what a webserver answers about partitions and assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from harness.errors import CodeLocationError
from harness.target.endpoint import Endpoint
from harness.target.graphql import GraphQLClient
from harness.target.launchables import Launchable, Wanted, find_launchables

HERE = Endpoint("http://127.0.0.1:1/graphql", "shop", "__repository__")
DAYS = [f"2026-01-{day:02}" for day in range(1, 32)]


class Webserver:
    """Answers as dagster-webserver 1.8 to 1.13 did: `daily` is a partitioned job, `plain` is none."""

    def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        asked = dict(variables or {})
        if "partitionSetsOrError" in document:
            sets = [{"name": "daily_partition_set"}] if asked["job"] == "daily" else []
            return {"partitionSetsOrError": {"__typename": "PartitionSets", "results": sets}}
        if "partitionsOrError" in document:
            names = [{"name": day} for day in DAYS]
            return {
                "partitionSetOrError": {"partitionsOrError": {"__typename": "Partitions", "results": names}}
            }
        if "runConfigOrError" in document:
            config = {"__typename": "PartitionRunConfig", "yaml": f"ops: {{load: {{day: '{asked['key']}'}}}}"}
            tag = {"key": "dagster/partition", "value": asked["key"]}
            tags = {"__typename": "PartitionTags", "results": [tag]}
            return {"partitionSetOrError": {"partition": {"runConfigOrError": config, "tagsOrError": tags}}}
        if "repositoryOrError" in document:
            jobs = [{"name": name} for name in ("__ASSET_JOB", "daily", "plain")]
            return {"repositoryOrError": {"__typename": "Repository", "jobs": jobs}}
        paths = [key["path"] for key in asked["keys"]] if "keys" in asked else [["mart", "sales"], ["raw"]]
        return {"assetNodes": [asset(path) for path in paths if path in (["mart", "sales"], ["raw"])]}


def asset(path: list[str]) -> dict[str, Any]:
    """`mart/sales` is partitioned by day, `raw` is not."""
    partitioned = path == ["mart", "sales"]
    return {
        "assetKey": {"path": path},
        "repository": {"name": "__repository__", "location": {"name": "shop"}},
        "jobNames": ["sales_job", "__ASSET_JOB"],
        "isPartitioned": partitioned,
        "partitionKeys": DAYS if partitioned else [],
    }


def found(**wanted: Any) -> tuple[Launchable, ...]:
    return find_launchables(cast(GraphQLClient, Webserver()), HERE, Wanted(**wanted))


def test_a_job_without_partitions_is_launched_as_it_is() -> None:
    [one] = found(job="plain")
    assert (one.selector.job, dict(one.run_config), dict(one.tags)) == ("plain", {}, {})


def test_each_partition_brings_its_run_config_and_tags() -> None:
    one, two = found(job="daily", partitions=("2026-01-05", "2026-01-07"))
    assert one.run_config == {"ops": {"load": {"day": "2026-01-05"}}}
    assert two.tags == {"dagster/partition": "2026-01-07"}


def test_a_range_has_both_ends() -> None:
    keys = [
        one.tags["dagster/partition"]
        for one in found(job="daily", first_and_last=("2026-01-30", "2026-01-31"))
    ]
    assert keys == ["2026-01-30", "2026-01-31"]


def test_run_config_may_stand_for_the_partition_of_a_job() -> None:
    assert found(job="daily", configured=True)[0].tags == {}


def test_assets_are_selected_in_the_job_of_all_assets() -> None:
    [one] = found(assets=("mart/sales", "raw"), partitions=("2026-01-31",))
    assert one.selector.job == "__ASSET_JOB"
    assert one.selector.as_job()["assetSelection"] == [{"path": ["mart", "sales"]}, {"path": ["raw"]}]
    assert one.tags == {"dagster/partition": "2026-01-31"}
    assert found(assets=("raw",))[0].tags == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"job": "dayly"}, "job dayly does not exist; the location has daily, plain; did you mean daily?"),
        ({"job": "daily"}, 'such as partition: "2026-01-31"; it has 2026-01-01 to 2026-01-31 (31)'),
        ({"job": "plain", "partitions": ("a",)}, "job plain has no partitions; leave out partition"),
        ({"job": "daily", "partitions": ("2026-02-01",)}, "has no partition 2026-02-01; it has 2026-01-01"),
        ({"job": "daily", "first_and_last": ("2026-01-09", "2026-01-02")}, "exchange first and last"),
        ({"assets": ("raww",)}, "asset raww does not exist; the location has mart/sales, raw; did you mean"),
        ({"assets": ("mart/sales",)}, "assets mart/sales is partitioned"),
        ({"assets": ("raw",), "partitions": ("a",)}, "assets raw has no partitions"),
    ],
)
def test_what_cannot_run_is_refused_with_what_could(wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(CodeLocationError) as refused:
        found(**wanted)
    assert words in str(refused.value)
