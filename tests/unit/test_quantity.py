"""Memory and CPUs as people write them."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.errors import InputError
from harness.report.configuration import render_configs
from harness.scenario.load import load_scenario
from harness.scenario.quantity import (
    RUN_MEMORY,
    SERVER_CPUS,
    SERVER_MEMORY,
    MachineCpus,
    RunMemory,
    ServerCpus,
    ServerMemory,
)
from tests.unit.sizing_made import sizing

MIB, GIB = 2**20, 2**30

READ = [
    ("2", "2Gi", 2.0, 2 * GIB),
    ("2", "512Mi", 2.0, 512 * MIB),
    ("500m", "1Gi", 0.5, GIB),
    ('"0.5"', "1Gi", 0.5, GIB),
    ("0.25", "512MiB", 0.25, 512 * MIB),
    ("2", "1.5Gi", 2.0, 1536 * MIB),
    ("2", "1Ti", 2.0, 2**40),
    ("64", "2Gi", 64.0, 2 * GIB),
    ("2", "2e9", 2.0, 2 * 10**9),
    ("2", ".5Gi", 2.0, 512 * MIB),
    (".5", "1G", 0.5, 10**9),
    ("1", "1088Mi", 1.0, 1088 * MIB),
    ("1", '"1,088 MiB"', 1.0, 1088 * MIB),
    ("1", "2147483648", 1.0, 2 * GIB),
]
REFUSED = [
    ("2", "512m", "in Docker it is 512MiB, in Kubernetes 0.512B"),
    ("2", "1088m", "write 1088MiB"),
    ("2", '"2048"', "it may be 2048MiB, as ECS writes it, or bytes; write 2048MiB or 2GiB"),
    ("2", "2048", "write 2048MiB or 2GiB"),
    ("512", "1Gi", "at most 255 CPUs are expected; 1024 units of ECS are one CPU: write 0.5"),
    ("1024", "2048Mi", "1024 units of ECS are one CPU: write 1"),
    ("2", "2g", "in Docker it is 2GiB, elsewhere 2GB"),
    ("2", "0", "at least 256MiB"),
    ("2", "2,048MiB", "unknown key"),
    ("2", "-1", "at least 256MiB"),
    ("2", "1288490188800m", "in Kubernetes 1228.8MiB"),
    ("2", "40MiB", "an idle code server alone needs more than 128MiB"),
    ("2", "65Ti", "no machine has more"),
    ("0", "1Gi", "at least 0.01 CPUs"),
    ("much", "1Gi", "a number of CPUs such as 2, 0.5 or 500m"),
    ("2", "lots", "a size such as 2Gi, 512MiB or 4GB"),
    ("true", "1Gi", "a number of CPUs"),
    (".nan", "1Gi", "a number of CPUs"),
]


def scenario(tmp_path: Path, cpus: str, memory: str) -> Path:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        f"name: units\nserver: {{cpus: {cpus}, memory: {memory}}}\nworkloads: [{{workload: io_bound}}]\n"
        "load: {levels: [1, 2], repeats: 2}\n"
    )
    return file


@pytest.mark.parametrize(("cpus", "memory", "number", "size"), READ)
def test_what_has_one_reading_is_read(
    tmp_path: Path, cpus: str, memory: str, number: float, size: int
) -> None:
    server = load_scenario(scenario(tmp_path, cpus, memory)).scenario.server
    assert server.cpus == (number,)
    assert server.memory == (size,)


@pytest.mark.parametrize(("cpus", "memory", "words"), REFUSED)
def test_what_has_none_or_two_is_refused_with_the_fix(
    tmp_path: Path, cpus: str, memory: str, words: str
) -> None:
    file = scenario(tmp_path, cpus, memory)
    with pytest.raises(InputError) as refused:
        load_scenario(file)
    assert words in str(refused.value)
    assert f"{file}:2: server." in str(refused.value)


def test_what_the_configuration_holds_is_read() -> None:
    """What is pasted from one of our files into another means the same."""
    size = sizing()
    configs = {name: yaml.safe_load(text) for name, text in render_configs(size).items()}
    compose = configs["compose.override.yaml"]["services"]["code-server"]
    assert SERVER_MEMORY.read(compose["mem_limit"]) == size.shape("compose").memory_bytes
    assert SERVER_CPUS.read(compose["cpus"]) == size.shape("compose").cpus
    [deployment] = configs["values.yaml"]["deployments"]
    resources = deployment["resources"]
    assert SERVER_MEMORY.read(resources["limits"]["memory"]) == size.shape("kubernetes").memory_bytes
    assert SERVER_CPUS.read(resources["requests"]["cpu"]) == size.shape("kubernetes").cpus


def test_no_ballast_is_fine_and_little_is_not() -> None:
    assert RUN_MEMORY.read(0) == RUN_MEMORY.read("0") == RUN_MEMORY.read("0MiB") == 0
    assert RUN_MEMORY.read("64MiB") == 64 * MIB
    with pytest.raises(ValueError, match="write 64MiB"):
        RUN_MEMORY.read(64)


@given(st.integers(256, 64 * 2**20))
def test_sizes_in_mib_are_exact(count: int) -> None:
    for unit in ("Mi", "MiB", "mib", " MiB"):
        assert SERVER_MEMORY.read(f"{count}{unit}") == count * MIB


_SMALL = "0 1 2 5 .5 0.5 1.5 255 256 255.0 255.01 256.5 257 0.01 0.009 10"
_LARGE = "1024 2048 4096 65536 1048576 268435456 1e9"
NUMBERS = st.sampled_from(f"{_SMALL} {_LARGE}".split())
UNITS = st.sampled_from(
    [
        "",
        "m",
        "M",
        "Mi",
        "MiB",
        "mib",
        "g",
        "G",
        "Gi",
        "GB",
        "gb",
        "k",
        "K",
        "Ki",
        "T",
        "Ti",
        "e9",
        "E6",
        "B",
        "b",
        "n",
    ]
)
SPACES = st.sampled_from(["", "", " ", "\n", "\u00a0"])
WRITTEN = st.tuples(SPACES, NUMBERS, SPACES, UNITS, SPACES).map("".join)
ANYTHING = (
    WRITTEN
    | st.text("0123456789.,eE+-mMgGkKiIbB \n", max_size=45)
    | st.integers(-10, 2**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
    | st.booleans()
)


@pytest.mark.parametrize("kind", [ServerMemory, RunMemory, ServerCpus, MachineCpus])
@settings(max_examples=500)
@given(value=ANYTHING)
def test_the_schema_takes_exactly_what_is_read(kind: Any, value: Any) -> None:
    adapter = TypeAdapter(kind)
    try:
        adapter.validate_python(value)
        read = True
    except ValidationError:
        read = False
    assert jsonschema.Draft202012Validator(adapter.json_schema()).is_valid(value) == read
