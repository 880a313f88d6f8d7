"""Files that were damaged or mistyped: whatever they hold, no command calls them a bug of ours.

The mutations are drawn from a fixed seed, so that a failure comes back: 40 of each kind of file, 240 in all.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli_support import ROOT, Done, Run

LIGHT = ROOT / "results/claims/light"  # a result that can be sized
DEMAND = ("--run-duration", "45s", "--runs-per-hour", "30", "--force")
EACH = 40
JOBS = """\
jobs:
  - {name: light, workload: io_bound, duration: 45s, runs_per_hour: 20}
  - {name: nightly, workload: io_bound, duration: 1m30s, every: 1d, at_once: 3}
"""
ENV_FILE = """\
# of the server
MODE=fast
export HOME_OF="/srv/data"
GREETING='a b'
WHERE=${HOME_OF}/in
"""
PRICES = """\
currency: EUR
hours_per_month: 730
platforms:
  kubernetes: {vcpu_hour: 0.04, gib_hour: 0.005}
  ecs-ec2:
    machines:
      - {name: m6i.large, cpus: 2, memory: 8Gi, hour: 0.1}
"""
HISTORY = "run_id,job,status,start_time,end_time\n" + "".join(
    f"{index},nightly,SUCCESS,2026-01-{1 + index // 4:02d}T0{index % 4}:00:00Z,"
    f"2026-01-{1 + index // 4:02d}T0{index % 4}:05:00Z\n"
    for index in range(40)
)
VALUES = (
    *("", "null", "~", "-1", "0", "1e-9", "1e400", "-.inf", ".nan", "NaN", "999999999999999999999", "1:30"),
    *(
        "0x1f",
        "0b",
        "0o9",
        "yes",
        "[]",
        "{}",
        "[[[]]]",
        "'",
        '"',
        "*a",
        "&a",
        "!!python/none x",
        "2024-01-01",
    ),
    *(
        "2Gi",
        "500m",
        "2m",
        "1e3s",
        "45",
        "a b",
        "ä",
        "\x00",
        "\t",
        ": :",
        "- -",
        "%",
        "../..",
        "/",
        "x" * 5000,
    ),
)
JSON_VALUES: tuple[Any, ...] = (
    None, -1, 0, 1e-300, 1e308, True, "", "x", "2Gi", [], {}, [None], {"a": 1}, [[]], 10**30, "\x00",
)  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    """A text with one to three places changed, as typing, copying and broken disks change them."""
    for _ in range(chance.randint(1, 3)):
        lines = text.splitlines(keepends=True) or [""]
        at = chance.randrange(len(lines))
        what = chance.choice(("value", "value", "value", "drop", "twice", "cut", "indent", "bytes", "swap"))
        if what == "value":
            head, colon, rest = lines[at].partition(chance.choice((":", ",")))
            end = next((mark for mark in (",", "}") if mark in rest), "\n")
            lines[at] = f"{head}{colon} {chance.choice(VALUES)}{end}{rest.partition(end)[2]}"
        elif what == "drop":
            del lines[at]
        elif what == "twice":
            lines.insert(at, lines[at])
        elif what == "cut":
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
        elif what == "indent":
            lines[at] = " " * chance.randint(1, 5) + lines[at]
        elif what == "bytes":
            place = chance.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + chr(chance.randrange(1, 400)) + lines[at][place:]
        else:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        text = "".join(lines)
    return text


def mutated_json(document: Any, chance: random.Random) -> Any:
    """A document with one value somewhere replaced, dropped or doubled."""
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = chance.choice(keys)
        if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.1:
            break
        node = node[key]
    what = chance.choice(("value", "value", "drop", "twice"))
    if what == "value":
        node[key] = chance.choice(JSON_VALUES)
    elif what == "drop":
        del node[key]
    elif isinstance(node, list):
        node.append(node[key])
    else:
        node[f"{key}_"] = node[key]
    return document


def in_scenario(run: Run, folder: Path, chance: random.Random) -> Done:
    file = folder / "scenario.yaml"
    source = chance.choice(sorted((ROOT / "workloads/scenarios").glob("*.yaml")))
    file.write_text(mutated(source.read_text(), chance))
    return run("scenario", "check", str(file))


def in_env_file(run: Run, folder: Path, chance: random.Random) -> Done:
    (folder / "server.env").write_text(mutated(ENV_FILE, chance))
    file = folder / "scenario.yaml"
    file.write_text("name: x\nserver: {env_file: server.env}\nworkloads: [{workload: io_bound}]\n")
    return run("scenario", "check", str(file))


def in_jobs(run: Run, folder: Path, chance: random.Random) -> Done:
    file = folder / "jobs.yaml"
    file.write_text(mutated(JOBS, chance))
    return run("size", str(LIGHT), "--jobs", str(file), "--force")


def in_prices(run: Run, folder: Path, chance: random.Random) -> Done:
    file = folder / "prices.yaml"
    file.write_text(mutated(PRICES, chance))
    return run("size", str(LIGHT), *DEMAND, "--prices", str(file))


def in_history(run: Run, folder: Path, chance: random.Random) -> Done:
    file = folder / "runs.csv"
    file.write_text(mutated(HISTORY, chance))
    if chance.random() < 0.5:
        return run("demand", str(file))
    return run("size", str(LIGHT), "--history", str(file), "--workload", "io_bound", "--force")


def in_result(run: Run, folder: Path, chance: random.Random) -> Done:
    result = folder / "result"
    shutil.copytree(LIGHT, result)
    if chance.random() < 0.8:
        file = result / "result.json"
        file.write_text(json.dumps(mutated_json(json.loads(file.read_text()), chance)))
    else:
        file = chance.choice(sorted(result.glob("*.parquet")))
        held = bytearray(file.read_bytes())
        held[chance.randrange(len(held))] ^= 0xFF
        file.write_bytes(held[: chance.choice((len(held), chance.randrange(len(held))))])
    words = chance.choice((("show",), ("size", *DEMAND), ("fit",), ("report",), ("compare", str(LIGHT))))
    return run(words[0], *words[1:] if words[0] == "compare" else (), str(result), *words[1:])


@pytest.mark.parametrize("seed", range(EACH))
@pytest.mark.parametrize("mutate", [in_scenario, in_env_file, in_jobs, in_prices, in_history, in_result])
def test_nothing_that_a_file_holds_is_called_a_bug(
    run: Run, tmp_path: Path, mutate: Callable[[Run, Path, random.Random], Done], seed: int
) -> None:
    done = mutate(run, tmp_path, random.Random(f"{mutate.__name__} {seed}"))
    assert done.returncode in (0, 2, 4, 7), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 2:
        assert done.stderr.startswith("error: ")


def test_files_that_are_whole_are_read(run: Run, tmp_path: Path) -> None:
    jobs, prices, history = (tmp_path / name for name in ("jobs.yaml", "prices.yaml", "runs.csv"))
    jobs.write_text(JOBS)
    prices.write_text(PRICES)
    history.write_text(HISTORY)
    done = run("size", str(LIGHT), "--jobs", str(jobs), "--prices", str(prices), "--force")
    assert done.returncode == 0, done.stderr
    done = run("demand", str(history))
    assert done.returncode == 0, done.stderr
