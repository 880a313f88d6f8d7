"""Whom the kernel killed at the memory limit, told from what vanished. Pure."""

from __future__ import annotations

import pandas as pd

MIB = 2**20


def oom_victims(samples: pd.DataFrame, processes: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """One short description of each victim of a burst that can be told; the largest first.

    The kernel counts its kills in the cgroup but does not say there whom. Of the processes of runs and steps
    that vanished while their run did not succeed, as many are named as were killed, the largest first: the
    kernel, too, takes the largest.

    Args:
        samples, processes: readings of the burst, with a column `replica`.
        runs: histories of its runs, with columns `replica`, `pid`, `status`, `run_id`.
    """
    victims: list[str] = []
    for name, own in samples.groupby("replica"):
        counted = pd.to_numeric(own["oom_kills"]).dropna()
        kills = int(counted.iloc[-1] - counted.iloc[0]) if len(counted) else 0
        if kills > 0:
            tree = processes[processes["replica"] == name]
            victims += _largest(_vanished(tree), runs[runs["replica"] == name], kills)
    return victims


def _vanished(tree: pd.DataFrame) -> pd.DataFrame:
    """Last sight of each run's or step's process that is not in the last walk, with its largest RSS."""
    alive = tree[tree["role"].isin(["run", "step"]) & (tree["status"] != "zombie")]
    if alive.empty:
        return alive
    last = (
        alive.sort_values("at_epoch_seconds").groupby(["pid", "created_epoch_seconds"], as_index=False).last()
    )
    largest = alive.groupby(["pid", "created_epoch_seconds"], as_index=False)["rss_bytes"].max()
    last = last.drop(columns="rss_bytes").merge(largest, on=["pid", "created_epoch_seconds"])
    gone: pd.DataFrame = last[last["at_epoch_seconds"] < tree["at_epoch_seconds"].max()]
    return gone


def _largest(vanished: pd.DataFrame, runs: pd.DataFrame, kills: int) -> list[str]:
    status = {int(pid): (run, state) for pid, run, state in _numbered(runs)}
    told: list[tuple[float, str]] = []
    for process in vanished.to_dict("records"):
        owner = process["pid"] if process["role"] == "run" else process["ppid"]
        run_id, state = status.get(int(owner), ("", ""))
        if state != "SUCCESS":
            size = float(process["rss_bytes"])
            whose = f"run {run_id[:8]}" if run_id else "a run"
            who = whose if process["role"] == "run" else f"a step of {whose}"
            told.append((size, f"{who}, pid {process['pid']}, {size / MIB:.0f} MiB RSS"))
    return [text for _, text in sorted(told, reverse=True)[:kills]]


def _numbered(runs: pd.DataFrame) -> list[tuple[int, str, str]]:
    known = runs[runs["pid"].notna()]
    return list(zip(known["pid"], known["run_id"], known["status"], strict=True))
