"""The statistics of Docker's engine, which the metadata of an ECS task has in the same form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.collect.reading import Reading

_NANOSECONDS = 1e9
_NO_LIMIT_FROM = float(1 << 60)


def reading_of(stats: Mapping[str, Any], cpu_limit_cores: float | None = None) -> Reading:
    """What one answer of the engine says.

    Args:
        stats: as `GET /containers/ID/stats` gives it, of an engine on cgroup v1 or v2.
        cpu_limit_cores: which the statistics do not tell.

    Raises:
        ValueError: there is no memory in it, as of a container that has ended.
        KeyError, TypeError: it is no such answer.
    """
    memory = stats["memory_stats"]
    if not memory.get("usage"):
        raise ValueError("no memory in it")
    detail = memory.get("stats") or {}
    usage = float(memory["usage"])
    inactive = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    limit = float(memory.get("limit") or 0)
    cpu = stats["cpu_stats"]
    throttled = (cpu.get("throttling_data") or {}).get("throttled_time")
    return Reading(
        at=epoch_seconds(stats["read"]),
        instance=str(stats.get("id") or stats.get("name") or "")[:12],
        working_set_bytes=max(usage - inactive, 0.0),
        rss_bytes=_first(detail, "total_rss", "anon"),
        cache_bytes=_first(detail, "total_cache", "file"),
        cpu_seconds=cpu["cpu_usage"]["total_usage"] / _NANOSECONDS,
        throttled_seconds=None if throttled is None else throttled / _NANOSECONDS,
        # The kernel's controller of pids counts tasks, which are threads.
        threads=_first(stats.get("pids_stats") or {}, "current"),
        memory_limit_bytes=limit if 0 < limit < _NO_LIMIT_FROM else None,
        cpu_limit_cores=cpu_limit_cores,
    )


def epoch_seconds(text: str) -> float:
    """An instant as Go writes it, with nine digits of a second; ValueError where it is none, or year 1."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year < 1970:
        raise ValueError(f"{text}: no instant")
    return moment.timestamp()


def _first(found: Mapping[str, Any], *names: str) -> float | None:
    return next((float(found[name]) for name in names if found.get(name) is not None), None)
