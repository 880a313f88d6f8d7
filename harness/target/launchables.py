"""What a job or assets are launched with: the selector, and of a partition its run config and tags."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from harness.errors import CodeLocationError
from harness.target.endpoint import Endpoint
from harness.target.first_cause import ERROR_FIELDS, first_cause
from harness.target.graphql import GraphQLClient, JobSelector

MOST_PARTITIONS = 1000
"""More partitions than that no result needs; each is asked for its run config."""
PARTITION_TAG = "dagster/partition"

_JOBS = """
query Jobs($repository: RepositorySelector!) {
  repositoryOrError(repositorySelector: $repository) {
    __typename
    ... on Repository { jobs { name } }
  }
}
"""

_SETS = f"""
query Sets($repository: RepositorySelector!, $job: String!) {{
  partitionSetsOrError(repositorySelector: $repository, pipelineName: $job) {{
    __typename
    ... on PartitionSets {{ results {{ name }} }}
    ... on PythonError {{ {ERROR_FIELDS} }}
  }}
}}
"""

_KEYS = f"""
query Keys($repository: RepositorySelector!, $set: String!) {{
  partitionSetOrError(repositorySelector: $repository, partitionSetName: $set) {{
    ... on PartitionSet {{
      partitionsOrError {{
        __typename
        ... on Partitions {{ results {{ name }} }}
        ... on PythonError {{ {ERROR_FIELDS} }}
      }}
    }}
  }}
}}
"""

_PARTITION = f"""
query Partition($repository: RepositorySelector!, $set: String!, $key: String!) {{
  partitionSetOrError(repositorySelector: $repository, partitionSetName: $set) {{
    ... on PartitionSet {{
      partition(partitionName: $key) {{
        runConfigOrError {{
          __typename
          ... on PartitionRunConfig {{ yaml }}
          ... on PythonError {{ {ERROR_FIELDS} }}
        }}
        tagsOrError {{
          __typename
          ... on PartitionTags {{ results {{ key value }} }}
          ... on PythonError {{ {ERROR_FIELDS} }}
        }}
      }}
    }}
  }}
}}
"""

_ALL_ASSETS = "query Assets { assetNodes { assetKey { path } repository { name location { name } } } }"
_ASSETS = """
query Assets($keys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $keys) {
    assetKey { path }
    repository { name location { name } }
    jobNames
    isPartitioned
    partitionKeys
  }
}
"""
_OF_ASSETS = "__ASSET_JOB"
"""Begin of the names of the jobs that Dagster makes of all assets."""


@dataclass(frozen=True)
class Wanted:
    """What shall be launched: a job or assets, and of which partitions."""

    job: str = ""
    assets: tuple[str, ...] = ()
    """Keys, with slashes; all of them in one run."""
    partitions: tuple[str, ...] = ()
    first_and_last: tuple[str, str] | None = None
    """Of a range of partitions instead."""
    configured: bool = False
    """Whether run config comes with it, which may stand for a partition of a job."""

    @property
    def partitioned(self) -> bool:
        """Whether partitions are named."""
        return bool(self.partitions or self.first_and_last)

    @property
    def name(self) -> str:
        """In messages."""
        return f"job {self.job}" if self.job else f"assets {', '.join(self.assets)}"


@dataclass(frozen=True)
class Launchable:
    """A run as it is launched, of one partition or of none."""

    selector: JobSelector
    run_config: Mapping[str, Any] = field(default_factory=dict)
    """That of the partition."""
    tags: Mapping[str, str] = field(default_factory=dict)


def find_launchables(client: GraphQLClient, endpoint: Endpoint, wanted: Wanted) -> tuple[Launchable, ...]:
    """What is wanted as it is launched: once, or once for each of its partitions in turn.

    Raises:
        CodeLocationError: there is no such job, asset or partition, or one is needed that was not given.
        GraphQLError: the webserver did not answer.
    """
    found = _job(client, endpoint, wanted) if wanted.job else _assets(client, endpoint, wanted)
    if len(found) > MOST_PARTITIONS:
        raise CodeLocationError(
            f"workloads: {wanted.name}: a range of {len(found):,} partitions; {MOST_PARTITIONS:,} at most"
        )
    return found


def unknown_job(client: GraphQLClient, selector: JobSelector) -> str:
    """What to say of a job that does not exist."""
    names = _job_names(client, selector.as_repository())
    return (
        f"workloads: job {selector.job} does not exist; the location has {', '.join(names) or 'none'}"
        f"{_close(selector.job, names)}"
    )


def _job(client: GraphQLClient, endpoint: Endpoint, wanted: Wanted) -> tuple[Launchable, ...]:
    selector = JobSelector(endpoint.location, endpoint.repository, wanted.job)
    repository = {"repository": selector.as_repository()}
    answer = client.execute(_SETS, repository | {"job": wanted.job})["partitionSetsOrError"]
    sets = [one["name"] for one in _expected(wanted, answer, "PartitionSets")["results"]]
    if not sets:
        if wanted.job not in _job_names(client, selector.as_repository()):
            raise CodeLocationError(unknown_job(client, selector))
        return _unpartitioned(selector, wanted)
    of_set = repository | {"set": sets[0]}
    keys = client.execute(_KEYS, of_set)["partitionSetOrError"]["partitionsOrError"]
    names = [one["name"] for one in _expected(wanted, keys, "Partitions")["results"]]
    if not wanted.partitioned and wanted.configured:
        return (Launchable(selector),)
    chosen = _chosen(wanted, names)[: MOST_PARTITIONS + 1]
    return tuple(_of_partition(client, of_set, selector, wanted, key) for key in chosen)


def _of_partition(
    client: GraphQLClient, of_set: Mapping[str, Any], selector: JobSelector, wanted: Wanted, key: str
) -> Launchable:
    asked = client.execute(_PARTITION, {**of_set, "key": key})["partitionSetOrError"]["partition"]
    config = _expected(wanted, asked["runConfigOrError"], "PartitionRunConfig")
    tags = _expected(wanted, asked["tagsOrError"], "PartitionTags")
    return Launchable(
        selector, yaml.safe_load(config["yaml"]) or {}, {one["key"]: one["value"] for one in tags["results"]}
    )


def _assets(client: GraphQLClient, endpoint: Endpoint, wanted: Wanted) -> tuple[Launchable, ...]:
    paths = [key.split("/") for key in wanted.assets]
    nodes = _here(endpoint, client.execute(_ASSETS, {"keys": [{"path": path} for path in paths]}))
    known = {_key(node) for node in nodes}
    if missing := [key for key in wanted.assets if key not in known]:
        offered = sorted(_key(node) for node in _here(endpoint, client.execute(_ALL_ASSETS)))
        raise CodeLocationError(
            f"workloads: asset {missing[0]} does not exist; the location has {_listed(offered)}"
            f"{_close(missing[0], offered)}"
        )
    jobs = set.intersection(*(set(node["jobNames"]) for node in nodes))
    if not jobs:
        raise CodeLocationError(f"workloads: {wanted.name}: no job has all of them; make a workload of each")
    job = min(jobs, key=lambda name: (not name.startswith(_OF_ASSETS), name))
    selector = JobSelector(endpoint.location, endpoint.repository, job, tuple(map(tuple, paths)))
    keyed = [node["partitionKeys"] for node in nodes if node["isPartitioned"]]
    if not keyed:
        return _unpartitioned(selector, wanted)
    shared = [key for key in keyed[0] if all(key in keys for keys in map(set, keyed[1:]))]
    return tuple(Launchable(selector, tags={PARTITION_TAG: key}) for key in _chosen(wanted, shared))


def _unpartitioned(selector: JobSelector, wanted: Wanted) -> tuple[Launchable, ...]:
    if wanted.partitioned:
        raise CodeLocationError(f"workloads: {wanted.name} has no partitions; leave out partition")
    return (Launchable(selector),)


def _chosen(wanted: Wanted, names: Sequence[str]) -> list[str]:
    """The keys that are wanted, of all that there are, which are named where they are not."""
    if not names:
        raise CodeLocationError(
            f"workloads: {wanted.name} is partitioned, and has no partition yet; add one to its dynamic "
            "partitions when the code is loaded"
        )
    there = f"it has {names[0]} to {names[-1]} ({len(names):,})"
    if not wanted.partitioned:
        raise CodeLocationError(
            f"workloads: {wanted.name} is partitioned: say of which partition the runs are, such as "
            f'partition: "{names[-1]}"; {there}'
        )
    places = {name: place for place, name in enumerate(names)}
    for key in wanted.first_and_last or wanted.partitions:
        if key not in places:
            raise CodeLocationError(
                f"workloads: {wanted.name} has no partition {key}; {there}{_close(key, names)}"
            )
    if wanted.first_and_last is None:
        return list(wanted.partitions)
    first, last = (places[key] for key in wanted.first_and_last)
    if first > last:
        raise CodeLocationError(
            f"workloads: {wanted.name}: partition {names[first]} comes after {names[last]}; exchange first "
            "and last"
        )
    return list(names[first : last + 1])


def _here(endpoint: Endpoint, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The assets of the location that is measured: others may define a key too."""
    wanted = (endpoint.location, endpoint.repository)
    return [
        node
        for node in answer["assetNodes"]
        if (node["repository"]["location"]["name"], node["repository"]["name"]) == wanted
    ]


def _key(node: Mapping[str, Any]) -> str:
    return "/".join(node["assetKey"]["path"])


def _job_names(client: GraphQLClient, repository: Mapping[str, str]) -> list[str]:
    answer = client.execute(_JOBS, {"repository": repository})["repositoryOrError"]
    return sorted(job["name"] for job in answer.get("jobs", ()) if not job["name"].startswith("__"))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) or "none") + more


def _close(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _expected(wanted: Wanted, answer: dict[str, Any], kind: str) -> dict[str, Any]:
    if answer["__typename"] != kind:
        raise CodeLocationError(f"workloads: {wanted.name}: {first_cause(answer)}")
    return answer
