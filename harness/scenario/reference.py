"""The page on scenario files, from the model that loads them.

python -m harness.scenario.reference > docs/scenario.md      writes it anew
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.scenario.schema import json_schema

_HEAD = """\
# Scenario reference

<!-- Written by `python -m harness.scenario.reference` from the model that loads scenarios. Do not edit. -->

A scenario is a YAML file that says what to measure. `dagster-sizing scenario check FILE` says whether a file
is correct, and `dagster-sizing scenario schema` prints the JSON Schema for your editor. Only `name` and
`workloads` are required.

A field that takes *one or a list* makes a cell for each value of the list, and for each combination of such
lists. `--set server.memory=4GiB` on the command line changes a field without editing the file.

*A time* is `45s`, `250ms`, `2m`, `1h30m`, `1d` or a number of seconds. *A percentage* is `3%`.

*A size* is `2Gi` as in Kubernetes, the same with a B (`2GiB`), or `4GB` or `4G`, in powers of 1000. *CPUs*
are `2`, `0.5` or `500m`. Options and all other files are read alike. What has two readings is refused, and
the message names both: `512m` (MiB in Docker, thousandths of a byte in Kubernetes), `2g` (GiB in Docker) and
`2048` (MiB on ECS). A plain number of 1048576 or more is one of bytes. More CPUs than any machine has are
refused: 1024 units of ECS are one CPU.
"""
_SECTIONS = {
    "DagsterSection": ("dagster", "Versions of Dagster, and how runs are launched."),
    "LocationSection": ("location", "Your own code. Left out, the workloads of this project are measured."),
    "ServerSection": ("server", "The code server and its limits."),
    "PodSection": ("pod", "What `server.pod` says: more of the code server's pod, for --stack kubernetes."),
    "Toleration": ("toleration", "An entry of `server.pod.tolerations`, as Kubernetes has them."),
    "BuiltinWorkload": ("workload of ours", "An entry of `workloads` with `workload:`."),
    "OwnJob": ("job of yours", "An entry of `workloads` with `job:`; it needs a `location`."),
    "OwnAssets": ("assets of yours", "An entry of `workloads` with `assets:`; it needs a `location`."),
    "PartitionRange": ("range of partitions", "What `partition` may say instead of keys."),
    "StartMethod": ("start method", "What `executor` may say instead of a name."),
    "MixWorkload": ("mix", "An entry of `workloads` with `mix:`: bursts of several kinds of runs."),
    "MixPart": ("part of a mix", "An entry of `mix`."),
    "TickWorkload": ("ticks alone", "An entry of `workloads` with `tick:`."),
    "TicksBeside": ("ticks beside runs", "What `ticks` of a workload says."),
    "LoadSection": ("load", "The bursts."),
    "WarmupSection": ("warmup", "What `load.warmup` says: bursts before those that count."),
    "TickingSection": ("ticking", "What `load.ticking` says: ticks of the daemon's own, after all bursts."),
    "SamplingSection": ("sampling", "How often the code server is read."),
    "TimeoutSection": ("timeouts", "How long each step may take."),
}
_ENDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
Schema = Mapping[str, Any]


def render_scenario_reference() -> str:
    """The page, as Markdown."""
    schema = json_schema()
    lines = [_HEAD, "## The file", "", *_table(schema, schema)]
    for name, (title, said) in _SECTIONS.items():
        lines += ["", f"## {title}", "", said, "", *_table(schema["$defs"][name], schema)]
    return "\n".join(lines) + "\n"


def _table(section: Schema, schema: Schema) -> Iterator[str]:
    yield "| field | value | unit | default | meaning |"
    yield "|---|---|---|---|---|"
    required = section.get("required", ())
    for name, field in section["properties"].items():
        value = _type(field, schema)
        default = "required" if name in required else _default(field.get("default"), value)
        told = (value, _unit(name, value), default, field.get("description", ""))
        yield "| " + " | ".join((f"`{name}`", *(text.replace("|", "\\|") for text in told))) + " |"


def _unit(name: str, value: str) -> str:
    """Unit of a number that is written without one."""
    if "a size" in value:
        return "bytes"
    if "a time" in value:
        return "seconds"
    return "per second" if name.endswith("_hz") else "CPUs" if name == "cpus" else ""


def _default(default: Any, value: str) -> str:
    if isinstance(default, list) and len(default) == 1:
        return _default(default[0], value)
    if isinstance(default, dict):
        return "its defaults" if default else "empty"
    if default is None or default in ("", []):
        return "none" if default is None else "empty"
    if isinstance(default, int | float) and not isinstance(default, bool):
        if "a size" in value and default >= 2**20:
            return f"`{default / 2**30:g}GiB`" if default >= 2**30 else f"`{default / 2**20:g}MiB`"
        return f"`{default:g}s`" if "a time" in value else f"`{default:.10g}`"
    return f"`{default}`" if isinstance(default, str) else f"`{json.dumps(default)}`"


def _type(field: Schema, schema: Schema) -> str:
    """What may be written there, in a few words."""
    if _is_quantity(field):
        return {"memory": "a size", "cpus": "CPUs"}.get(field["anyOf"][-1].get("format"), "a time")
    if "$ref" in field:
        title, _ = _SECTIONS[field["$ref"].rsplit("/", 1)[-1]]
        return f"[{title}](#{title.replace(' ', '-')})"
    if "enum" in field or "const" in field:
        return " or ".join(f"`{one}`" for one in field.get("enum", [field.get("const")]))
    for several in ("anyOf", "oneOf"):
        if several in field:
            kinds = [one for one in field[several] if one.get("type") != "null"]
            if len(kinds) == 2 and kinds[1].get("type") == "array" and kinds[1].get("items") == kinds[0]:
                return f"one or a list: {_type(kinds[0], schema)}"
            return " or ".join(dict.fromkeys(_type(one, schema) for one in kinds))
    match field.get("type"):
        case "array":
            return f"list: {_type(field.get('items', {}), schema)}"
        case "object":
            return "mapping"
        case "integer" | "number" as kind:
            return ("whole number" if kind == "integer" else "number") + _range(field)
        case "string":
            return {"date": "a date", "path": "a path", "percentage": "a percentage"}.get(
                field.get("format", ""), "text"
            )
        case "boolean":
            return "`true` or `false`"
        case _:
            return "any value"


def _range(field: Schema) -> str:
    if "minimum" in field and "maximum" in field:
        return f" from {field['minimum']:g} to {field['maximum']:g}"
    told = [how.format(f"{field[name]:g}") for name, how in _ENDS.items() if name in field]
    return ", " + " and ".join(told) if told else ""


def _is_quantity(field: Schema) -> bool:
    """Whether it is a plain number, or a number with its unit as text."""
    *numbers, text = field.get("anyOf") or [{}]
    return "pattern" in text and all(one.get("type") in ("integer", "number") for one in numbers)


if __name__ == "__main__":
    print(render_scenario_reference(), end="")
