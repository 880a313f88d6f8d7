"""Configuration files: held against the schemas of the programs that read them, where these can be had."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import ConcurrencyConfig, dagster_instance_config_schema
from dagster._core.instance.ref import InstanceRef
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator
from dagster_cloud.workspace.config_schema import validate_workspace_location
from dagster_cloud_cli.config.models import load_dagster_cloud_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.configuration import render_configs
from harness.results.sizing_document import SizingDocument
from harness.sizing import shapes
from harness.sizing.shapes import FARGATE, GIB, MIB, Size
from tests.unit.sizing_made import TOO_LARGE, sizing

FILES = ("dagster_cloud.yaml", "dagster.yaml", "values.yaml", "compose.override.yaml")
HELM_SCHEMA = (
    "https://raw.githubusercontent.com/dagster-io/dagster/1.13.27/helm/dagster/charts/"
    "dagster-user-deployments/values.schema.json"
)


def content(document: SizingDocument, name: str) -> Any:
    return yaml.safe_load(render_configs(document)[name])


def told(text: str) -> str:
    """What the comments of a file say, in one line."""
    lines = [line for line in text.splitlines() if line.startswith("#")]
    return " ".join(line.lstrip("#").strip() for line in lines)


def context(document: SizingDocument) -> dict[str, Any]:
    """`container_context`, as it comes through what Dagster+ reads locations with."""
    [location] = load_dagster_cloud_yaml(render_configs(document)["dagster_cloud.yaml"]).locations
    assert validate_workspace_location(location.model_dump(exclude_none=True)) == []
    return location.container_context or {}


# Dagster+


@pytest.mark.parametrize("replicas", [1, 3])
def test_dagster_plus_takes_the_location(replicas: int) -> None:
    told_to = context(sizing(replicas=replicas))
    many = {} if replicas == 1 else {"replica_count": 3}
    assert told_to["ecs"] == {
        "env_vars": ["DAGSTER_GRPC_MAX_WORKERS=9"],
        "server_resources": {"cpu": "2048", "memory": "4096"} | many,
        "run_resources": {"cpu": "512", "memory": "1024"},
    }
    resources = {"requests": {"cpu": "1500m", "memory": "1536Mi"}, "limits": {"memory": "1536Mi"}}
    many = {} if replicas == 1 else {"server_replica_count": 3}
    assert (
        told_to["k8s"]
        == {
            "env_vars": ["DAGSTER_GRPC_MAX_WORKERS=9"],
            "server_k8s_config": {"container_config": {"resources": resources}},
        }
        | many
    )


def test_numbers_as_the_guide_writes_them_are_refused_by_dagster_plus() -> None:
    document = content(sizing(), "dagster_cloud.yaml")
    [location] = document["locations"]
    location["container_context"]["ecs"]["server_resources"] = {"cpu": 2048, "memory": 8192}
    # the command line lets them through, and only the agent's schema says no
    load_dagster_cloud_yaml(yaml.safe_dump(document))
    errors = validate_workspace_location(location)
    assert len(errors or []) == 2
    assert all("is not valid for expected type" in error for error in errors or [])


def test_what_replicas_take_is_told() -> None:
    needs = "server_replica_count takes an agent of version 1.13.5 or newer"
    assert needs in told(render_configs(sizing(replicas=2))["dagster_cloud.yaml"])
    assert needs not in told(render_configs(sizing(replicas=1))["dagster_cloud.yaml"])


def test_a_location_that_was_named_keeps_its_name() -> None:
    document = sizing(location="etl: nightly, #1")
    assert content(document, "dagster_cloud.yaml")["locations"][0]["location_name"] == "etl: nightly, #1"


def test_the_limit_of_non_isolated_runs_is_told() -> None:
    text = told(render_configs(sizing())["dagster_cloud.yaml"])
    assert "non_isolated_runs.max_concurrent_non_isolated_runs, here 11" in text


# open source


def check_instance(instance: Any) -> None:
    done = validate_config(dagster_instance_config_schema(), instance)
    assert done.success, done.errors


@pytest.mark.parametrize("version", ["1.10.0", "1.10.0rc1", "1.13.27", "2.0.0"])
def test_since_1_10_runs_are_capped_by_concurrency(version: str) -> None:
    instance = content(sizing(version=version), "dagster.yaml")
    assert instance == {"concurrency": {"runs": {"max_concurrent_runs": 11}}}
    check_instance(instance)


@pytest.mark.parametrize("version", ["1.8.0", "1.9.11", "1.9.12", "1.9.13"])
def test_before_they_are_capped_by_the_run_coordinator(version: str) -> None:
    instance = content(sizing(version=version), "dagster.yaml")
    assert instance == {
        "run_coordinator": {
            "module": "dagster.core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {"max_concurrent_runs": 11},
        }
    }
    check_instance(instance)


@pytest.mark.parametrize("version", ["1.9.13", "1.13.27"])
def test_dagster_caps_runs_by_either(version: str, tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(render_configs(sizing(version=version))["dagster.yaml"])
    instance = InstanceRef.from_dir(str(tmp_path))
    coordinator = instance.run_coordinator
    assert isinstance(coordinator, QueuedRunCoordinator)
    asked: Any = instance.settings.get("concurrency", {})
    read = ConcurrencyConfig.from_concurrency_settings(asked, coordinator.get_run_queue_config())
    assert read.run_queue_config is not None
    assert read.run_queue_config.max_concurrent_runs == 11


def test_the_cap_is_what_the_smallest_size_holds_and_steps_are_said_to_come_on_top() -> None:
    document = sizing()
    assert document.cap == 11
    assert "each step is a process on top of its run" in told(render_configs(document)["dagster.yaml"])


@pytest.mark.parametrize("held", [None, 0])
def test_no_cap_is_no_cap_and_never_none_at_all(held: int | None) -> None:
    text = render_configs(sizing(held=held))["dagster.yaml"]
    assert yaml.safe_load(text) == {}
    assert "The cap is left out" in told(text)


# Helm

# Fields and types of the chart dagster-user-deployments (values.schema.json), and of Kubernetes' containers.
QUANTITY = {"type": "string", "pattern": "^[0-9]+(m|Mi)?$"}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


DEPLOYMENT = closed(
    ["name", "image", "port"],
    name={"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63},
    image=closed(
        ["repository", "pullPolicy"],
        repository={"type": "string"},
        tag={"type": "string"},
        pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
    ),
    dagsterApiGrpcArgs={"type": "array", "items": {"type": "string"}},
    port={"type": "integer"},
    env={
        "type": "array",
        "items": closed(["name", "value"], name={"type": "string"}, value={"type": "string"}),
    },
    resources=closed(
        ["requests", "limits"],
        requests=closed(["cpu", "memory"], cpu=QUANTITY, memory=QUANTITY),
        limits=closed(["memory"], memory=QUANTITY),
    ),
)
VALUES = closed(["deployments"], deployments={"type": "array", "minItems": 1, "items": DEPLOYMENT})


def helm_schema() -> dict[str, Any]:
    """The chart's own schema: from a file that the environment names, or from the repository."""
    schema: dict[str, Any]
    if named := os.environ.get("DAGSTER_HELM_SCHEMA"):
        schema = json.loads(Path(named).read_text("utf-8"))
        return schema
    try:
        answer = requests.get(HELM_SCHEMA, timeout=5)
        answer.raise_for_status()
        schema = answer.json()
    except requests.RequestException as error:
        pytest.skip(f"the chart's schema cannot be had, and DAGSTER_HELM_SCHEMA is unset: {error}")
    return schema


def without_foreign(schema: Any) -> Any:
    """The schema without the types of Kubernetes that it refers to: they would have to be fetched."""
    if isinstance(schema, list):
        return [without_foreign(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    foreign = str(schema.get("$ref", "")).startswith("https:")
    return {key: without_foreign(one) for key, one in schema.items() if not (foreign and key == "$ref")}


def test_the_chart_gets_fields_that_it_knows() -> None:
    values = content(sizing(), "values.yaml")
    jsonschema.Draft202012Validator(VALUES).validate(values)
    [deployment] = values["deployments"]
    assert deployment["env"] == [{"name": "DAGSTER_GRPC_MAX_WORKERS", "value": "9"}]


def test_the_charts_own_schema_takes_the_deployments() -> None:
    schema = without_foreign(helm_schema())
    # the chart's own values supply what else it asks for
    deployments = {"$defs": schema["$defs"], "$ref": "#/$defs/UserDeployment"}
    validator = jsonschema.Draft202012Validator(deployments)
    for document in (sizing(), sizing(replicas=2, location="Nightly ETL")):
        for deployment in content(document, "values.yaml")["deployments"]:
            assert set(deployment) <= set(schema["$defs"]["UserDeployment"]["properties"])
            validator.validate(deployment)
            assert not validator.is_valid(deployment | {"port": "3030"})


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("", "my-code-location"),
        ("Nightly ETL", "nightly-etl"),
        ("etl_v2.main", "etl-v2-main"),
        ("2nd", "my-code-location-2nd"),
        ("äöü", "my-code-location"),
        ("a" * 70, "a" * 63),
        ("a" * 62 + "_b", "a" * 62),
    ],
)
def test_a_deployment_is_named_by_a_dns_label(location: str, name: str) -> None:
    assert content(sizing(location=location), "values.yaml")["deployments"][0]["name"] == name


def test_the_charts_limits_are_told() -> None:
    text = told(render_configs(sizing(replicas=2))["values.yaml"])
    assert "exactly one pod per deployment; for the 2 that are recommended, make 2 deployments" in text
    assert "only with the DefaultRunLauncher" in text


# Compose


@pytest.mark.parametrize("replicas", [1, 2])
def test_compose_gets_limits_without_swap(replicas: int) -> None:
    many = {} if replicas == 1 else {"deploy": {"replicas": 2}}
    assert content(sizing(replicas=replicas), "compose.override.yaml") == {
        "services": {
            "code-server": {
                "mem_limit": "1472MiB",
                "memswap_limit": "1472MiB",
                "cpus": 1.3,
                "environment": {"DAGSTER_GRPC_MAX_WORKERS": "9"},
            }
            | many
        }
    }


# all of them


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_what_it_is_computed_from(name: str) -> None:
    text = told(render_configs(sizing())[name])
    assert text.startswith(
        "Computed by dagster-sizing 0.1.0 from result sample for 9 runs at once "
        "(ordinary: not exceeded for 99.9 % of the time), Dagster 1.13.27."
    )
    assert "FORCED" not in text
    assert "Warning" not in text
    assert "replicas, each with this size" not in text


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_what_was_forced_and_every_warning(name: str) -> None:
    warnings = ("the result is invalid; sized with --force", "90 runs at once are extrapolated from 10")
    text = told(render_configs(sizing(forced=True, warnings=warnings, replicas=2))[name])
    assert "FORCED: it rests on a result that is not valid, or extrapolates far." in text
    assert all(f"Warning: {warning}" in text for warning in warnings)
    assert "2 replicas, each with this size: two lose less" in text


@pytest.mark.parametrize("name", FILES)
def test_no_line_is_longer_than_can_be_read(name: str) -> None:
    text = render_configs(sizing(replicas=2, forced=True))[name]
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_platform_without_a_size_is_left_out_and_why_is_said() -> None:
    files = render_configs(sizing(fargate=None))
    assert set(context(sizing(fargate=None))) == {"k8s"}
    assert f"container_context.ecs is left out: {TOO_LARGE}" in told(files["dagster_cloud.yaml"])

    nowhere = sizing(fargate=None, kubernetes=None, compose=None)
    files = render_configs(nowhere)
    assert context(nowhere) == {}
    assert yaml.safe_load(files["values.yaml"]) == yaml.safe_load(files["compose.override.yaml"]) == {}
    for name in ("dagster_cloud.yaml", "values.yaml", "compose.override.yaml"):
        assert f"is left out: {TOO_LARGE}" in told(files[name])


def test_a_run_too_large_for_a_task_of_its_own_gets_none() -> None:
    document = sizing(isolated_cpus=None, isolated_memory_bytes=None)
    assert set(context(document)["ecs"]) == {"env_vars", "server_resources"}
    assert "run_resources is left out" in told(render_configs(document)["dagster_cloud.yaml"])


TASKS = st.sampled_from(
    [Size(cpus, int(gib * GIB)) for cpus, memories in FARGATE.items() for gib in memories]
)
CORES, BYTES = st.floats(0.001, 64), st.floats(1, 500 * GIB)


@settings(max_examples=30, deadline=None)
@given(TASKS, TASKS, CORES, BYTES, st.integers(1, 500), st.integers(1, 9))
def test_numbers_come_back_as_they_were(
    task: Size, isolated: Size, cores: float, memory: float, workers: int, replicas: int
) -> None:
    pod, container = shapes.kubernetes(cores, memory), shapes.compose(cores, memory)
    document = sizing(
        task,
        pod,
        container,
        workers,
        replicas,
        isolated_cpus=isolated.cpus,
        isolated_memory_bytes=isolated.memory_bytes,
    )
    variable = f"DAGSTER_GRPC_MAX_WORKERS={workers}"
    [location] = content(document, "dagster_cloud.yaml")["locations"]
    ecs, k8s = location["container_context"]["ecs"], location["container_context"]["k8s"]
    for written, meant in ((ecs["server_resources"], task), (ecs["run_resources"], isolated)):
        assert int(written["cpu"]) / 1024 == meant.cpus
        assert int(written["memory"]) * MIB == meant.memory_bytes
    assert ecs["server_resources"].get("replica_count", 1) == k8s.get("server_replica_count", 1) == replicas
    assert ecs["env_vars"] == k8s["env_vars"] == [variable]

    [deployment] = content(document, "values.yaml")["deployments"]
    assert deployment["env"][0]["value"] == str(workers)
    for resources in (k8s["server_k8s_config"]["container_config"]["resources"], deployment["resources"]):
        requested = resources["requests"]
        assert kubernetes_number(requested["cpu"]) == pytest.approx(pod.cpus)
        assert kubernetes_number(requested["memory"]) == pod.memory_bytes
        assert resources["limits"] == {"memory": requested["memory"]}

    service = content(document, "compose.override.yaml")["services"]["code-server"]
    assert service["cpus"] == pytest.approx(container.cpus)
    assert service["mem_limit"] == service["memswap_limit"] == f"{container.memory_bytes // MIB}MiB"
    assert service["environment"] == {"DAGSTER_GRPC_MAX_WORKERS": str(workers)}
    assert service.get("deploy", {"replicas": 1}) == {"replicas": replicas}


def kubernetes_number(text: str) -> float:
    """A quantity as Kubernetes reads it."""
    found = re.fullmatch(r"(\d+)(m|Mi)?", text)
    assert found
    return int(found[1]) * {"m": 0.001, "Mi": MIB, None: 1}[found[2]]


@settings(max_examples=30, deadline=None)
@given(st.text(), st.text(max_size=300))
def test_nothing_that_is_quoted_breaks_a_file(result: str, warning: str) -> None:
    plain = sizing(location="a\nb: c\x85# d")
    odd = sizing(result=result, warnings=(warning,), location="a\nb: c\x85# d")
    for name, text in render_configs(odd).items():
        assert yaml.safe_load(text) == content(plain, name)
