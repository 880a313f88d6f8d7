"""Pods that the load comes from: one for a Locust alone, or one for its master and one for each worker."""

from __future__ import annotations

from collections.abc import Sequence

from harness.load.place import Elsewhere
from harness.stack.kubectl import Kubectl
from harness.stack.pod_specs import IDLE, SERVER, WEB_PORT, PodPlan

_LOCUSTFILE = "/opt/load/harness/load/locustfile.py"
_MEMORY_BYTES = 512 * 2**20


def load_plans(image: str, processes: int) -> list[PodPlan]:
    """What they are, for so many Locust processes that send. Each burst starts Locust in them anew."""
    names = ["load"] if processes == 1 else ["load", *(f"load-{one}" for one in range(1, processes + 1))]
    return [
        PodPlan(name, "load", image, IDLE, {"HOME": "/tmp"}, memory_bytes=_MEMORY_BYTES) for name in names
    ]


def load_place(kubectl: Kubectl, names: Sequence[str]) -> Elsewhere:
    """How Locust is started in these pods, which are ready, and reaches the webserver."""
    address = kubectl.get("pod", names[0])["status"]["podIP"]
    return Elsewhere(
        url=f"http://webserver:{WEB_PORT}/graphql",
        reached_by=tuple(tuple(kubectl.inside(name, SERVER, ())) for name in names),
        master=address,
        locustfile=_LOCUSTFILE,
        environment=kubectl.environment,
    )
