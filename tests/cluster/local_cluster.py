"""A Kubernetes cluster on this machine: what a script named by CLUSTER starts, and `kubectl` speaks to.

The script takes `env` (prints exports, such as KUBECONFIG), `load IMAGE...` (gives images to all nodes) and
`prometheus up` (prints the address of one that scrapes the kubelets).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import uuid
from typing import Any


def cluster_here() -> str:
    """Why there is none; empty where there is one."""
    script = os.environ.get("CLUSTER", "")
    if not script:
        return "CLUSTER names no script that has one up"
    try:
        Cluster().kubectl("get", "nodes")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"{script}: {error}"
    return ""


class Cluster:
    """One that is up, with a namespace of our own while the block lasts."""

    def __init__(self) -> None:
        self._script = os.environ["CLUSTER"]
        values = subprocess.run(
            ["bash", "-c", 'set -e; told=$("$0" env); eval "$told"; env -0', self._script],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        self.environment = dict(one.split("=", 1) for one in values.split("\0") if "=" in one)
        self._undo: list[tuple[str, ...]] = []
        self.namespace = f"sizing-test-{uuid.uuid4().hex[:8]}"

    def __enter__(self) -> Cluster:
        self.kubectl("create", "namespace", self.namespace)
        return self

    def __exit__(self, *_raised: object) -> None:
        for arguments in reversed(self._undo):
            self.kubectl(*arguments)
        self.kubectl("delete", "namespace", self.namespace, "--wait=true")

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What it prints."""
        done = subprocess.run(
            ["kubectl", *arguments],
            check=False,
            input=given,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=300,
        )
        if done.returncode:
            raise ValueError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def at_the_end(self, *arguments: str) -> None:
        """What kubectl shall do when the block ends."""
        self._undo.append(arguments)

    def load(self, *images: str) -> None:
        """Give images to all nodes."""
        subprocess.run([self._script, "load", *images], check=True, capture_output=True, timeout=600)

    def prometheus(self) -> str:
        """Address of one that scrapes the kubelets."""
        told = subprocess.run(
            [self._script, "prometheus", "up"], check=True, capture_output=True, text=True, timeout=300
        ).stdout
        (address,) = re.findall(r"http://\S+", told)
        return str(address)

    def apply(self, thing: dict[str, Any]) -> None:
        """Make it, in our namespace."""
        self.kubectl("-n", self.namespace, "apply", "-f", "-", given=json.dumps(thing))

    def pod(self, name: str, seconds: float = 120.0) -> dict[str, Any]:
        """A pod of our namespace, once it is ready."""
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = json.loads(
                self.kubectl("-n", self.namespace, "get", "pod", name, "-o", "json")
            )
            states = {one["type"]: one["status"] for one in found["status"].get("conditions", ())}
            if states.get("Ready") == "True":
                return found
            assert time.monotonic() < deadline, f"pod {name}: {json.dumps(found['status'])}"
            time.sleep(0.5)
