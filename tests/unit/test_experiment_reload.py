"""Two generations of a code server: told by who started whom, however many locations there are."""

from typing import Any

import pandas as pd

from harness.experiment.reload import most_generations, overlap_seconds


def server(pid: int, ppid: int, at: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"at_epoch_seconds": at, "role": "server", "status": "sleeping", "pid": pid, "ppid": ppid} | more


def test_generations_are_the_servers_below_one_proxy() -> None:
    plain, proxies = [server(1, 0)], [server(1, 0), server(2, 1), server(3, 0), server(4, 3)]
    run = server(9, 2, role="run")
    assert most_generations(pd.DataFrame(plain)) == 0
    assert most_generations(pd.DataFrame([*proxies, run])) == 1
    assert most_generations(pd.DataFrame([*proxies, server(5, 3)])) == 2
    assert most_generations(pd.DataFrame([*proxies, server(5, 3, status="zombie")])) == 1


def test_they_overlap_from_the_first_walk_to_the_last_that_sees_both() -> None:
    rows = [
        one
        for at in (1.0, 2.0, 3.0, 4.0, 5.0)
        for one in (server(1, 0, at), server(2, 1, at), server(3, 1, at) if 2.0 <= at <= 4.0 else None)
        if one is not None
    ]
    assert overlap_seconds(pd.DataFrame(rows)) == 2.0
    assert overlap_seconds(pd.DataFrame([server(1, 0)])) == 0.0
    assert pd.isna(overlap_seconds(pd.DataFrame()))
