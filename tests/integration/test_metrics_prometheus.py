"""A real Prometheus in which known histories were planted: what is read is what was planted."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError, MachineError
from harness.metrics.prometheus import PrometheusSource
from harness.metrics.source import Abilities, Instance, Readings
from tests.planted_metrics import CODE, MIB, POD, PlantedLife, grid, kube, life
from tests.real_prometheus import Planted, missing, prometheus

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(missing()), reason=f"not on the PATH: {missing()} (Debian: prometheus)"),
]

HOUR = 3600.0
NOW = float(int(time.time() / HOUR) * HOUR)
SINCE = NOW - 48 * HOUR
SELECT = 'namespace="data",container="dagster"'
SECRET = "planted-secret"
SECRET_HASH = "$2b$04$ljm9Jty9nTL5vztlTItkCOY6N8Q2B9A5C3tGl.NIsQ2pgoZG8N1RC"

OOM_AT = SINCE + 20 * HOUR
RESTARTED = OOM_AT + 40
RAISED_AT = SINCE + 30 * HOUR
"""When the second life's limit was raised, without a restart."""
FIRST = life({**CODE, "id": "/kubepods/a/1", "name": "1"}, SINCE - HOUR, OOM_AT, limits=512 * MIB)
_SCRAPES = grid(RESTARTED + 7, NOW)
SECOND = life(
    {**CODE, "id": "/kubepods/a/2", "name": "2", "image": "code:2"},
    RESTARTED,
    NOW,
    seed=2,
    limits=np.where(_SCRAPES < RAISED_AT, 768 * MIB, 1024 * MIB),
    scrapes=_SCRAPES,
)


def neighbours() -> list[Planted]:
    """What cAdvisor tells beside: the pause container, the cgroup of the pod, another deployment."""
    pause = {**CODE, "container": "POD", "id": "/kubepods/a/p", "image": "registry.k8s.io/pause:3.9"}
    group = {**CODE, "container": "", "id": "/kubepods/a"}
    daemon = {**CODE, "container": "daemon", "pod": "daemon-5f6b7c8d9-abcde", "id": "/kubepods/d/1"}
    these = (life(pause, SINCE, NOW), life(group, SINCE, NOW), life(daemon, SINCE, NOW))
    return [series for one in these for series in one.series()]


def of_kube() -> list[Planted]:
    """What kube-state-metrics tells of both lives."""
    at = grid(SINCE, NOW)
    after = at[at > RESTARTED]
    restarts = (at > RESTARTED).astype(float)
    reason = "kube_pod_container_status_last_terminated_reason"
    # The first scrapes after the restart still tell of an end before.
    return [
        kube("kube_pod_container_status_restarts_total", at, restarts),
        kube(reason, after[:2], np.ones(2), reason="Error"),
        kube(reason, after[2:], np.ones(len(after) - 2), reason="OOMKilled"),
        kube("kube_pod_container_resource_limits", at, np.full(len(at), 2.5), resource="cpu", unit="core"),
    ]


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One code server in two lives, and its neighbours."""
    planted = [*FIRST.series(), *SECOND.series(), *neighbours(), *of_kube()]
    with prometheus(tmp_path_factory.mktemp("kubernetes"), planted) as url:
        yield url


def read(
    url: str, select: str = SELECT, since: float = SINCE, until: float = NOW
) -> tuple[tuple[Instance, ...], Abilities]:
    return PrometheusSource(url, select).read(since, until, lambda _line: None)


def refused(url: str, select: str, **options: Mapping[str, str] | str) -> str:
    """The one line with which reading is refused."""
    with pytest.raises((InputError, MachineError)) as told:
        PrometheusSource(url, select, **options).read(SINCE, NOW, lambda _line: None)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    assert SECRET not in str(told.value)
    return str(told.value)


def same(found: Readings, at: np.ndarray, values: np.ndarray) -> bool:
    """Whether just this was read, every sample once."""
    return np.array_equal(found.at, at) and np.array_equal(found.values, values)


def whole(found: Instance, planted: PlantedLife) -> bool:
    """Whether all that was planted of a life was read, and nothing else."""
    kept = planted.at >= SINCE
    return same(found.readings["working_set_bytes"], planted.at[kept], planted.memory[kept]) and same(
        found.readings["cpu_seconds"], planted.at[kept], planted.cpu[kept]
    )


def test_every_sample_of_both_lives_is_read_once(kubernetes: str) -> None:
    (first, second), abilities = read(kubernetes)
    assert whole(first, FIRST)
    assert whole(second, SECOND)
    assert (first.name, second.name) == (POD, f"{POD} (2)")
    assert (first.began, second.began) == (np.floor(FIRST.began), np.floor(SECOND.began))
    assert first.ended == FIRST.at[-1]
    assert second.ended == np.inf
    assert set(first.readings) == {
        *("working_set_bytes", "rss_bytes", "cache_bytes", "cpu_seconds", "threads"),
    }
    assert (abilities.kind, abilities.window_seconds, abilities.stamp) == ("point", 0.0, "measured")
    assert abilities.interval_seconds == pytest.approx(30, abs=2)
    assert "processes" in abilities.unknown
    assert not [one for one in abilities.unknown if "limit" in one and "held" not in one]


def test_limits_and_ends_are_those_that_were_planted(kubernetes: str) -> None:
    (first, second), _ = read(kubernetes)
    assert first.memory_limit_bytes is not None
    assert second.memory_limit_bytes is not None
    assert first.memory_limit_bytes.values.tolist() == [512 * MIB]
    raised = SECOND.scrapes[SECOND.scrapes >= RAISED_AT][0]
    assert same(
        second.memory_limit_bytes,
        np.array([SECOND.scrapes[0], raised]),
        np.array([768 * MIB, 1024 * MIB]),
    )
    assert first.cpu_limit_cores is not None
    assert first.cpu_limit_cores.values.tolist() == [1.5]  # of the cgroup, not of what was asked for
    assert first.ended_by_oom is True
    assert second.ended_by_oom is None


@pytest.mark.parametrize("most", [500, 5_000])
def test_a_server_that_gives_few_samples_at_once_is_read_whole(tmp_path: Path, most: int) -> None:
    scrapes = grid(SINCE, NOW, 15.0)  # so that some lie on the borders of chunks
    planted = life({**CODE, "id": "/kubepods/a/1"}, SINCE, NOW, at=scrapes, scrapes=scrapes)
    with prometheus(tmp_path, planted.series(), f"--query.max-samples={most}") as url:
        (found,), abilities = read(url)
    assert whole(found, planted)
    assert abilities.stamp == "scraped"


def test_what_is_told_of_a_container_after_its_end_is_left_out(tmp_path: Path) -> None:
    """A server that stamps by itself repeats the last values for minutes, even beside the next life."""
    at = grid(SINCE, NOW - 10 * HOUR)
    old = at[(at > SINCE) & (at < OOM_AT + 240)]
    one = life({**CODE, "id": "/kubepods/a/1"}, SINCE - HOUR, NOW, at=old, scrapes=old)
    gone = old > OOM_AT
    last = int(np.argmax(gone)) - 1
    one = replace(
        one,
        memory=np.where(gone, one.memory[last], one.memory),
        cpu=np.where(gone, one.cpu[last], one.cpu),
    )
    new = at[at > RESTARTED + 20]
    two = life({**CODE, "id": "/kubepods/a/2"}, RESTARTED, NOW, at=new, scrapes=new, seed=3)
    other = life({**CODE, "container": "daemon", "id": "/d"}, SINCE, NOW, at=grid(SINCE, NOW))
    with prometheus(tmp_path, [*one.series(), *two.series(), *other.series()]) as url:
        (first, second), abilities = read(url)
        # Nothing at all is scraped any more: that it ended is not known.
        (open_end,), _ = read(url, 'container="daemon"', until=NOW + 2 * HOUR)
    assert abilities.stamp == "scraped"
    assert first.ended == first.readings["working_set_bytes"].at[-1] == old[last]
    assert second.began == RESTARTED
    assert second.ended == two.at[-1]
    assert len(second.readings["working_set_bytes"].at) == len(two.at)
    assert open_end.ended == np.inf


def test_a_restart_under_the_same_id_begins_a_life(tmp_path: Path) -> None:
    """As `docker restart` does, on a host without pods, whose cAdvisor tells of each CPU by itself."""
    labels = {"id": "/docker/0123", "name": "code", "image": "code:1", "instance": "host:8080"}
    host = {"id": "/", "instance": "host:8080"}
    one = life(labels, SINCE, OOM_AT)
    two = life(labels, RESTARTED, NOW, seed=2)
    both = [*one.series(), *two.series()]
    planted = [series for series in both if series.metric != "container_cpu_usage_seconds_total"]
    halves = [(part, cpu) for part in (one, two) for cpu in ("cpu00", "cpu01")]
    planted += [
        Planted("container_cpu_usage_seconds_total", {**labels, "cpu": cpu}, part.at, part.cpu / 2)
        for part, cpu in halves
    ]
    planted += life(host, SINCE, NOW).series()
    with prometheus(tmp_path, planted) as url:
        (first, second), _ = read(url, 'name="code"')
        said = refused(url, 'name="cod"')
    assert whole(first, one)
    assert whole(second, two)
    assert first.ended == one.at[-1]
    assert second.began == np.floor(RESTARTED)
    assert (first.name, second.name) == ("code", "code (2)")
    assert "'name=\"code\"'" in said


def test_what_there_is_instead_is_said(kubernetes: str) -> None:
    said = refused(kubernetes, 'namespace="date",container="dagster"')
    assert "selects no container between" in said
    assert """'namespace="data",container="dagster"', 'namespace="data",container="daemon"'""" in said
    assert "--days" in refused_since(kubernetes, SELECT, NOW + HOUR)
    assert "only pause containers and cgroups" in refused(kubernetes, 'container=~"POD|"')
    assert "refuses it" in refused(kubernetes, 'namespace=~"("')


def refused_since(url: str, select: str, until: float) -> str:
    with pytest.raises(InputError) as told:
        read(url, select, since=until - HOUR / 2, until=until)
    return str(told.value)


def test_of_several_deployments_each_is_listed(kubernetes: str, tmp_path: Path) -> None:
    said = refused(kubernetes, 'namespace="data"')
    assert "2 deployments" in said
    assert """'namespace="data",container="dagster"', 'namespace="data",container="daemon"'""" in said
    runs = [
        life({**CODE, "pod": f"dagster-run-{uuid}-x2x9z", "id": f"/r/{uuid}"}, SINCE, SINCE + HOUR)
        for uuid in ("0b2c6c2e-4f6a-4d7e-9a51-0f3d8d1c2b3a", "1c2c6c2e-4f6a-4d7e-9a51-0f3d8d1c2b3b")
    ]
    planted = [series for one in (FIRST, *runs) for series in one.series()]
    with prometheus(tmp_path, planted) as url:
        said = refused(url, SELECT)
        assert "2 deployments" in said
        chosen = next(one for one in said.split("'") if "pod=~" in one and "code-" in one)
        assert len(read(url, chosen)[0]) == 1


def test_the_pod_itself_may_be_asked_for(kubernetes: str) -> None:
    (pod,), _ = read(kubernetes, f'pod="{POD}",container=""')
    assert len(pod.readings["working_set_bytes"].at) == len(grid(SINCE + 3, NOW))


def test_certificates_passwords_and_paths(tmp_path: Path) -> None:
    key, certificate, config = (tmp_path / name for name in ("key.pem", "cert.pem", "web.yml"))
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(
        [*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60
    )
    config.write_text(f"tls_server_config: {{cert_file: {certificate}, key_file: {key}}}\n", "utf-8")
    with config.open("a", encoding="utf-8") as stream:
        stream.write(f'basic_auth_users: {{me: "{SECRET_HASH}"}}\n')
    right = "Basic bWU6cGxhbnRlZC1zZWNyZXQ="
    options = (f"--web.config.file={config}", "--web.external-url=https://example.org/prometheus")
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with prometheus(folder, FIRST.series(), *options, ready=f"{certificate}") as url:
        ca = str(certificate)
        found = PrometheusSource(f"{url}/prometheus/", SELECT, {"Authorization": right}, ca)
        assert len(found.read(SINCE, NOW, lambda _line: None)[0]) == 1
        address = f"{url}/prometheus"
        assert "--metrics-ca FILE" in refused(address, SELECT)
        assert "--metrics-header Authorization=NAME" in refused(address, SELECT, verify=ca)
        wrong = {"Authorization": f"Bearer {SECRET}"}
        assert "is not enough" in refused(address, SELECT, headers=wrong, verify=ca)
        assert "HTTP 404" in refused(url, SELECT, headers={"Authorization": right}, verify=ca)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with prometheus(tmp_path, FIRST.series()) as url:
        pass
    assert "does not answer (Connection refused)" in refused(url, SELECT)
