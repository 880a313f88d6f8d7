"""What a scenario takes from the Helm chart's values, or from Dagster+'s container context."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.scenario.load import load_scenario
from harness.scenario.model import Scenario

VALUES = """\
imagePullSecrets:
  - name: registry
dagster-user-deployments:
  enabled: true
  deployments:
    - name: etl
      image: {repository: registry.example.com/team/etl, tag: 42, pullPolicy: Always}
      dagsterApiGrpcArgs: ["--python-file", "/app/etl.py", "-d", "/app"]
      port: 3030
      env:
        STAGE: prod
        TRACE: true
      envSecrets: [{name: warehouse}]
      envConfigMaps: [{name: settings}]
      resources:
        limits: {cpu: 1500m, memory: 3Gi}
        requests: {cpu: 500m}
      nodeSelector: {pool: etl}
      tolerations:
        - {key: etl, operator: Exists, effect: NoSchedule}
      volumes: [{name: data, emptyDir: {}}]
      readinessProbe: {enabled: true, periodSeconds: 30}
"""
SCENARIO = """\
name: own
server: {from_helm_values: values.yaml, pod: {namespace: dagster}}
workloads: [{job: nightly}]
"""


def loaded(folder: Path, values: str = VALUES, text: str = SCENARIO, *options: str) -> Scenario:
    (folder / "values.yaml").write_text(values)
    (folder / "scenario.yaml").write_text(text)
    return load_scenario(folder / "scenario.yaml", options).scenario


def test_a_deployment_of_the_chart_is_measured_as_it_is(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.server.cpus == (1.5,)
    assert found.server.memory == (3 * 2**30,)
    assert found.server.env == {"STAGE": "prod", "TRACE": "true"}
    assert found.server.health_check_every == (30.0,)
    assert found.server.started_as == ("grpc",)
    assert found.location is not None
    assert found.location.image == "registry.example.com/team/etl:42"
    assert str(found.location.python_file) == "/app/etl.py"
    assert str(found.location.working_directory) == "/app"
    pod = found.server.pod
    assert pod.node_selector == {"pool": "etl"}
    assert [one.model_dump(exclude_defaults=True) for one in pod.tolerations] == [
        {"key": "etl", "operator": "Exists", "effect": "NoSchedule"}
    ]
    assert (pod.image_pull_secrets, pod.env_secrets, pod.env_config_maps) == (
        ("registry",),
        ("warehouse",),
        ("settings",),
    )
    assert pod.left_out == ("volumes",)


def test_what_the_scenario_says_itself_goes_over_it(tmp_path: Path) -> None:
    options = ("server.memory=[2GiB, 4GiB]", "server.env={STAGE: bench}", "server.pod.node_selector={a: b}")
    found = loaded(tmp_path, VALUES, SCENARIO, *options)
    assert found.server.memory == (2 * 2**30, 4 * 2**30)
    assert found.server.cpus == (1.5,)
    assert found.server.env == {"STAGE": "bench", "TRACE": "true"}
    assert found.server.pod.node_selector == {"a": "b"}
    again = Scenario.model_validate(found.model_dump(mode="json"))  # as a matrix makes a round's scenario
    assert again == found


def test_the_chart_s_own_probe_is_a_health_check_every_20_seconds(tmp_path: Path) -> None:
    without = VALUES.replace("      readinessProbe: {enabled: true, periodSeconds: 30}\n", "")
    assert loaded(tmp_path, without).server.health_check_every == (20.0,)
    none = VALUES.replace("enabled: true, periodSeconds", "enabled: false, periodSeconds")
    assert loaded(tmp_path, none).server.health_check_every == (0.0,)
    both = VALUES + "      livenessProbe: {periodSeconds: 60}\n"
    assert loaded(tmp_path, both).server.health_check_every == (20.0,)  # two in a minute and one in a minute


def test_arguments_that_name_more_than_the_code_are_a_command(tmp_path: Path) -> None:
    more = VALUES.replace('"-d", "/app"', '"--log-level", "debug"')
    found = loaded(tmp_path, more)
    assert found.location is not None
    assert found.location.command == (
        *("dagster", "api", "grpc", "-h", "0.0.0.0", "-p", "4000"),
        *("--python-file", "/app/etl.py", "--log-level", "debug"),
    )
    proxy = VALUES.replace("dagsterApiGrpcArgs", "codeServerArgs")
    assert loaded(tmp_path, proxy).server.started_as == ("code_server",)


CLOUD = """\
locations:
  - location_name: etl
    image: registry.example.com/team/etl:42
    code_source: {module_name: etl.definitions}
    working_directory: /app
    container_context:
      k8s:
        namespace: dagster-plus
        env_vars: [STAGE=prod, TOKEN]
        env_secrets: [warehouse]
        image_pull_secrets: [{name: registry}]
        server_k8s_config:
          container_config:
            resources: {limits: {cpu: "2", memory: 4Gi}}
            volume_mounts: [{name: data, mount_path: /data}]
          pod_spec_config:
            node_selector: {pool: etl}
  - location_name: other
    image: x:1
    code_source: {module_name: other}
"""
OF_CLOUD = """\
name: own
server: {from_container_context: values.yaml, deployment: etl}
workloads: [{job: nightly}]
"""


def test_a_location_of_dagster_plus_is_started_as_its_agent_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t")
    found = loaded(tmp_path, CLOUD, OF_CLOUD)
    assert found.server.started_as == ("agent",)
    assert (found.server.cpus, found.server.memory) == ((2.0,), (4 * 2**30,))
    assert found.server.env == {"STAGE": "prod", "TOKEN": None}
    assert found.location is not None
    assert found.location.module == "etl.definitions"
    pod = found.server.pod
    assert pod.namespace == "dagster-plus"
    assert pod.node_selector == {"pool": "etl"}
    assert pod.left_out == ("container_config.volume_mounts",)


def test_a_container_context_alone_leaves_the_code_to_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("")
    text = (
        "name: own\nserver: {from_container_context: values.yaml}\n"
        "location: {python_file: code.py}\nworkloads: [{job: nightly}]\n"
    )
    found = loaded(tmp_path, "k8s: {resources: {limits: {memory: 1Gi}}}\n", text)
    assert found.server.memory == (2**30,)
    assert found.location is not None
    assert found.location.image is None


@pytest.mark.parametrize(
    ("values", "text", "said"),
    [
        (
            VALUES.replace("3Gi", "lots"),
            SCENARIO,
            "values.yaml:16: dagster-user-deployments.deployments.0.reso",
        ),
        (VALUES, SCENARIO.replace(", pod: {namespace: dagster}", ""), "namespace: where registry, warehouse"),
        (VALUES.replace("tag: 42", "x: 1").replace("repository", "r"), SCENARIO, "repository and tag"),
        (VALUES.replace("dagsterApiGrpcArgs", "args"), SCENARIO, "dagsterApiGrpcArgs or codeServerArgs"),
        (VALUES.replace("nodeSelector: {pool: etl}", "nodeSelector: [1]"), SCENARIO, "a mapping is expected"),
        (VALUES.replace("[{name: warehouse}]", "[7]"), SCENARIO, "a list of names is expected"),
        ("a: 1\n", SCENARIO, "deployments: one entry at least"),
        ("- 1\n", SCENARIO, "a mapping with values of the Helm chart is expected"),
        (CLOUD, OF_CLOUD.replace(", deployment: etl", ""), "has to name one: etl, other"),
        (CLOUD, OF_CLOUD.replace("deployment: etl", "deployment: x"), "there is no x: etl, other"),
        (CLOUD.replace("module_name: etl.definitions", "x: y"), OF_CLOUD, "one of package_name, module_name"),
        (
            CLOUD,
            OF_CLOUD.replace("from_container", "from_helm_values: values.yaml, from_container"),
            "not both",
        ),
        (VALUES, SCENARIO.replace("values.yaml", "nowhere.yaml"), "nowhere.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(
    values: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t")
    with pytest.raises(InputError) as refused:
        loaded(tmp_path, values, text)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
