"""The image of the harness itself: built, and asked for what needs no server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
IMAGE = "dagster-sizing-test/harness"


def docker(*arguments: str) -> str:
    done = subprocess.run(
        ["docker", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=800, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    given = [f"BASE_IMAGE={os.environ['BASE_IMAGE']}"] if os.environ.get("BASE_IMAGE") else []
    bundle = os.environ.get("CA_BUNDLE")
    docker(
        *("build", "--quiet", "--file", "compose/harness.Dockerfile", "--tag", IMAGE),
        *(part for one in given for part in ("--build-arg", one)),
        *(("--secret", f"id=ca_bundle,src={bundle}") if bundle else ()),
        ".",
    )
    yield IMAGE
    docker("image", "rm", IMAGE)


def test_it_sizes_a_result_of_ours_as_the_readme_says(image: str) -> None:
    assert docker("run", "--rm", image, "--version").startswith("dagster-sizing ")
    result = next((ROOT / "results" / "claims").glob("light"))
    said = docker(
        *("run", "--rm", "--network", "none", "--volume", f"{result}:/work/result:ro", image),
        *("size", "result", "--runs-per-hour", "200", "--run-duration", "45s"),
    )
    assert "max_concurrent_runs" in said


def test_it_has_what_it_ships_with(image: str) -> None:
    said = docker("run", "--rm", "--network", "none", image, "scenario", "schema")
    assert '"load"' in said
    listed = docker("run", "--rm", "--network", "none", image, "claims", "--list")
    assert "run-is-thread" in listed
