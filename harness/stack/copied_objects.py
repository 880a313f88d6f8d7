"""Secrets and config maps of the user's own deployment, copied into an experiment's namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.errors import InputError
from harness.scenario.server import PodSection
from harness.stack.engine import LABEL
from harness.stack.kubectl import ClusterError, Kubectl

_KEPT = ("type", "data", "binaryData", "stringData")


def copies(kubectl: Kubectl, pod: PodSection, experiment: str) -> Iterator[dict[str, Any]]:
    """What a pod needs of another namespace, to be made in that of the experiment.

    Raises:
        InputError: it is not there, or may not be read; one line with the fix.
    """
    if pod.namespace is None:
        return
    there = Kubectl(kubectl.context, pod.namespace, kubectl.kubeconfig)
    wanted = [("secret", name) for name in (*pod.image_pull_secrets, *pod.env_secrets)]
    wanted += [("configmap", name) for name in pod.env_config_maps]
    for kind, name in dict.fromkeys(wanted):
        try:
            found = there.get(kind, name)
        except ClusterError as error:
            raise InputError(
                f"server.pod: {kind} {name} of the namespace {pod.namespace} cannot be copied: {error}; name "
                "one that you may read, or leave it out"
            ) from None
        copied = {key: found[key] for key in ("apiVersion", "kind", *_KEPT) if key in found}
        yield copied | {"metadata": {"name": name, "labels": {LABEL: experiment}}}
