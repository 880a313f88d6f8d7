"""What matchers select, and how deployments are told apart by their labels."""

from __future__ import annotations

import re

import pytest

from harness.errors import InputError
from harness.metrics.prometheus_select import (
    Matcher,
    any_of,
    by_likeness,
    deployments,
    listed,
    matchers,
    of_containers,
    place_of,
    places_in,
)

Labels = dict[str, str]


def pod(name: str, container: str = "code", **labels: str) -> Labels:
    return {"namespace": "data", "pod": name, "container": container, "id": f"/{name}/{container}", **labels}


def test_matchers_are_read_as_promql_writes_them() -> None:
    assert matchers(""" a="b" , c!~'d,"e' ,\nf=~`g|h`, i!="" """) == (
        Matcher("a", "=", "b"),
        Matcher("c", "!~", 'd,"e'),
        Matcher("f", "=~", "g|h"),
        Matcher("i", "!=", ""),
    )
    assert matchers(r'a="x\"y"') == (Matcher("a", "=", r"x\"y"),)
    assert matchers("") == ()


@pytest.mark.parametrize(
    "select",
    ["dagster", 'a=b"', "a=b", 'a="b" c="d"', 'a=="b"', '"a"', 'x{a="b"}', 'a="b"} or up{x="y"', "=~", 'a="'],
)
def test_what_is_no_list_of_matchers_is_refused(select: str) -> None:
    with pytest.raises(InputError, match=r"--select .*matchers of labels are expected") as told:
        matchers(select)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("code-7d9f8b6c5d-x2x9z", "code-5c4bd79f8b-abcde"),
        ("code-0", "code-12"),
        (
            "dagster-run-0b2c6c2e-4f6a-4d7e-9a51-0f3d8d1c2b3a-x2x9z",
            "dagster-run-1c2c6c2e-4f6a-4d7e-9a51-0f3d8d1c2b3b-abcde",
        ),
        (
            "dagster-step-0123456789abcdef0123456789abcdef-x2x9z",
            "dagster-step-1123456789abcdef0123456789abcdef",
        ),
        # longer names are cut before the last five characters
        ("a" * 50 + "-7d9f8b6" + "x2x9z", "a" * 50 + "-5c4bd79" + "abcde"),
        ("a" * 58 + "x2x9z", "a" * 58 + "abcde"),
    ],
)
def test_pods_of_one_deployment_are_one(one: str, other: str) -> None:
    assert len(deployments([pod(one), pod(other)])) == 1
    assert len(deployments([pod(one), pod(other), pod("other-7d9f8b6c5d-x2x9z")])) == 2


def test_each_version_that_an_agent_deploys_is_the_same_deployment() -> None:
    one, other = "etl-prod-0a1b2c-7d9f8b6c5d-x2x9z", "etl-prod-3d4e5f-5c4bd79f8b-abcde"
    assert len(deployments([pod(one, "dagster"), pod(other, "dagster")])) == 1
    assert len(deployments([pod(one), pod(other)])) == 2
    long = "l" * 51
    cut = [pod(f"{long}-{ends}", "dagster") for ends in ("0a1b2cx2x9z", "3d4e5fabcde")]
    assert len(cut[0]["pod"]) == 63
    assert len(deployments(cut)) == 1


def test_what_is_listed_selects_its_pods_and_no_others() -> None:
    names = ["code-7d9f8b6c5d-x2x9z", "code-5c4bd79f8b-abcde", "code-a-5c4bd79f8b-abcde", "code-3", "c.e-0"]
    found = deployments([pod(name) for name in names])
    chosen = [{name for name in names if selects(select, pod(name))} for select in found]
    assert sorted(sorted(one) for one in chosen) == [
        ["c.e-0"],
        ["code-3"],
        ["code-5c4bd79f8b-abcde", "code-7d9f8b6c5d-x2x9z"],
        ["code-a-5c4bd79f8b-abcde"],
    ]


def selects(select: str, labels: Labels) -> bool:
    """Whether matchers choose labels, as Prometheus does."""
    for one in matchers(select):
        value = labels.get(one.label, "")
        assert one.sign in ("=", "=~")
        if one.value != value and not (one.sign == "=~" and re.fullmatch(one.value, value)):
            return False
    return True


def test_namespaces_containers_clusters_and_hosts_are_deployments_of_their_own() -> None:
    name = "code-0"
    found = deployments(
        [
            pod(name),
            pod(name, "sidecar"),
            pod(name, namespace="other"),
            pod(name, cluster="two"),
            {"name": "code", "instance": "a:8080", "id": "/docker/1"},
            {"name": "code", "instance": "b:8080", "id": "/docker/2"},
        ]
    )
    assert len(found) == 6
    assert """cluster="two",namespace="data",container="code\"""" in found
    assert """instance="a:8080",name="code\"""" in found


@pytest.mark.parametrize(
    ("one", "other"),
    [("app-code-1", "app-code-2"), ("app_code.1.0123456789abcdefghijklmno", "app_code.2." + "z" * 25)],
)
def test_replicas_without_pods_are_one_deployment(one: str, other: str) -> None:
    found = deployments([{"name": name, "id": name} for name in (one, other)])
    assert len(found) == 1
    assert all(selects(next(iter(found)), {"name": name}) for name in (one, other))


PAUSE = [
    pod("code-0", "POD", image="registry.k8s.io/pause:3.9"),
    pod("code-0", "", image="mcr.microsoft.com/oss/kubernetes/pause@sha256:1"),
    pod("code-0", ""),
    {"id": "/"},
    {"id": "/system.slice/docker.service"},
]


def test_what_is_around_containers_is_left_out_unless_it_is_asked_for() -> None:
    code = pod("code-0", image="company/pause-detector:1")
    docker = {"name": "code", "id": "/docker/1"}
    assert of_containers([*PAUSE, code, docker], ()) == [code, docker]
    assert of_containers(PAUSE, matchers('container="POD"')) == PAUSE[:1]
    assert of_containers(PAUSE, matchers('container=""')) == PAUSE[1:3]
    assert of_containers(PAUSE, matchers('id="/"')) == PAUSE


def test_labels_that_the_scrape_took_the_names_of_are_found() -> None:
    labels = {"namespace": "monitoring", "pod": "cadvisor-x", "container": "cadvisor"}
    exported = {f"exported_{name}": value for name, value in pod("code-0").items() if name != "id"}
    assert place_of({**labels, **exported}) == place_of(pod("code-0"))
    chosen = 'exported_namespace="data",exported_container="code"'
    assert places_in([{**labels, **exported}]) == [chosen]
    assert list(deployments([{**labels, **exported}])) == [chosen]


def test_the_list_begins_with_what_is_most_alike_and_is_short() -> None:
    there = places_in([pod("p", f"container{number}") for number in range(30)] + [pod("p", "user-code")])
    chosen = by_likeness(there, matchers('container="user-cod"'))
    assert 'container="user-code"' in chosen[0]
    assert listed(chosen).endswith("and 21 more")


def test_a_regular_expression_of_names_fits_only_these() -> None:
    names = ["a.b", "c+d", "e^f", "g\\h", "a"]
    pattern = any_of(names)[1:-1]
    assert all(re.fullmatch(pattern, name) for name in names)
    assert not re.fullmatch(pattern, "axb")
    assert "\\" not in pattern
