"""Made data on each side of the rule."""

from harness.claims.run_is_thread import CLAIM
from tests.unit.claims.made import Rows, measured

SERVER = 100


def made(pids_of_bursts: list[list[int | None]]) -> str:
    bursts: Rows = []
    runs: Rows = []
    processes: Rows = []
    for number, pids in enumerate(pids_of_bursts):
        bursts.append({"burst": number, "concurrency_peak": len(pids), "processes_peak": 1 + len(pids)})
        runs += [{"burst": number, "pid": pid} for pid in pids]
        processes.append({"burst": number, "role": "server", "pid": SERVER})
    return CLAIM.decide({"light": measured({"bursts": bursts, "runs": runs, "processes": processes})}).verdict


def test_runs_in_the_servers_process_support_it() -> None:
    assert made([[SERVER], [SERVER, SERVER], [SERVER]]) == "supported"


def test_runs_in_processes_of_their_own_refute_it() -> None:
    assert made([[1], [2, 3], [4]]) == "refuted"


def test_too_few_bursts_or_an_unknown_process_leave_it_open() -> None:
    assert made([[1], [2]]) == "inconclusive"
    assert made([[1], [2], [None]]) == "inconclusive"
    assert made([[1], [2], [SERVER]]) == "inconclusive"
