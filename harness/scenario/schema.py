"""The JSON Schema of scenario files, for editors and for checks outside Python."""

from __future__ import annotations

from typing import Any

from harness.scenario.model import Scenario
from harness.scenario.server import SWEPT

_ONE_OR_MANY = {
    "ServerSection": SWEPT,
    "DagsterSection": ("coordinator", "max_concurrent_runs"),
    "OwnJob": ("partition", "executor"),
    "OwnAssets": ("partition", "executor", "assets"),
}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file."""
    schema = Scenario.model_json_schema()
    for section, names in _ONE_OR_MANY.items():
        properties = schema["$defs"][section]["properties"]
        for name in names:
            many = properties[name]
            kept = {k: many.pop(k) for k in ("description", "default", "title") if k in many}
            others = many.get("anyOf", [many])
            [listed] = [one for one in others if one.get("type") == "array"]
            properties[name] = {"anyOf": [listed["items"], *others], **kept}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "dagster-sizing scenario",
    }
