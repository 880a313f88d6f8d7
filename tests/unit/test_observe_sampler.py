import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from harness.observe.cgroup import COLUMNS, CgroupPaths
from harness.observe.sampler import STEADY_BYTES, Pace, SamplerConfig, Steady
from harness.observe.tree import PROCESS_COLUMNS
from tests.unit.observe_support import NO_CGROUP, sampler_command

ME = SamplerConfig(NO_CGROUP, os.getpid(), cgroup_hz=4, processes_hz=4)


@pytest.fixture
def sampler() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        sampler_command(ME), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def messages(process: subprocess.Popen[str], kind: str) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        if message["kind"] == kind:
            yield message


def tell(process: subprocess.Popen[str], number: int, command: str) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"id": number, "command": command}) + "\n")
    process.stdin.flush()


def test_readings_on_time_keep_to_the_grid() -> None:
    pace = Pace(0.1, 10.0)
    for now in (10.0, 10.13, 10.21, 10.3):
        pace.mark(now)
    assert pace.missed == 0
    assert pace.deadline == pytest.approx(10.4)
    assert pace.wait(10.35) == pytest.approx(0.05)
    assert pace.wait(10.5) == 0


def test_a_reading_later_than_a_period_counts_what_it_skipped() -> None:
    pace = Pace(0.1, 10.0)
    pace.mark(10.35)
    assert pace.missed == 3
    assert pace.deadline == pytest.approx(10.4)


def test_readings_and_missed_ones_add_up_to_the_periods_that_passed() -> None:
    pace = Pace(0.25, 0.0)
    readings = (0.0, 0.3, 1.6, 1.75, 2.9, 3.0)
    for now in readings:
        pace.mark(now)
    assert len(readings) + pace.missed == round(pace.deadline / 0.25)


def test_every_second_walk_is_spared_while_memory_stays_as_it_is() -> None:
    steady, level = Steady(), 10**9
    assert [steady.spares_walk(level) for _ in range(6)] == [False, True, False, True, False, True]
    assert not steady.spares_walk(level + STEADY_BYTES)


def test_no_walk_is_spared_while_memory_rises_or_falls_or_is_not_told() -> None:
    steady = Steady()
    for level in (10**9, 2 * 10**9, 3 * 10**9, 10**9, None, None, 10**9):
        assert not steady.spares_walk(level)


def test_memory_that_creeps_up_is_measured_against_the_last_walk() -> None:
    steady = Steady()
    step = STEADY_BYTES // 2 + 1
    assert [steady.spares_walk(10**9 + step * n) for n in range(5)] == [False, True, False, True, False]


def test_config_survives_json() -> None:
    config = SamplerConfig(CgroupPaths(1, "/m", "/c", "/a"), 7, 40.0, 2.0)
    assert SamplerConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{", "--config"),
        ('{"cgroup": {"version": 0}, "cgroup_hz": 1, "processes_hz": 1}', "root_pid"),
        ('{"cgroup": {"version": 7}, "root_pid": 1, "cgroup_hz": 1, "processes_hz": 1}', "version"),
        ('{"cgroup": {"version": 0}, "root_pid": 1, "cgroup_hz": 0, "processes_hz": 1}', "cgroup_hz"),
    ],
)
def test_a_wrong_config_ends_in_one_line(text: str, names: str) -> None:
    command = [sys.executable, "-m", "harness.observe.sampler", "--config", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert names in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_greets_streams_and_answers(sampler: subprocess.Popen[str]) -> None:
    hello = next(messages(sampler, "hello"))
    assert hello["version"] == 1
    assert tuple(hello["columns"]) == COLUMNS
    assert tuple(hello["process_columns"]) == PROCESS_COLUMNS
    assert (hello["resettable"], hello["pressure"]) == (False, "none")
    rows = next(messages(sampler, "samples"))["rows"]
    assert len(rows[0]) == len(COLUMNS)
    walked = next(messages(sampler, "processes"))
    assert os.getpid() in {row[0] for row in walked["rows"]}
    tell(sampler, 7, "read")
    answer = next(messages(sampler, "answer"))
    assert answer["id"] == 7
    assert answer["watermark_bytes"] is None
    assert answer["readings"] >= 1
    assert answer["cpu_seconds"] > 0
    assert abs(answer["at"] - time.time()) < 60


def test_samples_come_before_the_answer_that_follows_them(sampler: subprocess.Popen[str]) -> None:
    next(messages(sampler, "samples"))
    tell(sampler, 1, "read")
    assert sampler.stdout is not None
    counted = 1
    for line in sampler.stdout:
        message = json.loads(line)
        counted += len(message["rows"]) if message["kind"] == "samples" else 0
        if message["kind"] == "answer":
            assert message["readings"] == counted
            return


def test_stop_is_answered_and_ends_it(sampler: subprocess.Popen[str]) -> None:
    tell(sampler, 3, "stop")
    assert next(messages(sampler, "answer"))["id"] == 3
    assert sampler.wait(30) == 0


def test_the_end_of_stdin_ends_it(sampler: subprocess.Popen[str]) -> None:
    next(messages(sampler, "hello"))
    assert sampler.stdin is not None
    sampler.stdin.close()
    assert sampler.wait(30) == 0


def test_it_ends_when_nobody_reads_any_more(sampler: subprocess.Popen[str]) -> None:
    next(messages(sampler, "hello"))
    assert sampler.stdout is not None
    sampler.stdout.close()
    assert sampler.wait(30) == 0


def test_ctrl_c_does_not_end_it(sampler: subprocess.Popen[str]) -> None:
    next(messages(sampler, "hello"))
    sampler.send_signal(signal.SIGINT)
    tell(sampler, 1, "read")
    assert next(messages(sampler, "answer"))["id"] == 1


def test_a_killed_harness_leaves_no_sampler() -> None:
    script = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({sampler_command(ME)!r}, stdin=subprocess.PIPE,\n"
        "                     stdout=subprocess.PIPE, start_new_session=True)\n"
        "p.stdout.readline()\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        sampler = psutil.Process(int(harness.stdout.readline()))
        assert sampler.is_running()
        harness.kill()
        gone, alive = psutil.wait_procs([sampler], timeout=30)
    assert gone
    assert not alive


def test_readings_go_on_while_nobody_reads(sampler: subprocess.Popen[str]) -> None:
    next(messages(sampler, "samples"))
    tell(sampler, 1, "read")
    before = next(messages(sampler, "answer"))["readings"]
    time.sleep(1.0)
    tell(sampler, 2, "read")
    assert next(messages(sampler, "answer"))["readings"] > before


def test_it_loads_nothing_heavy() -> None:
    code = "import sys, harness.observe.sampler; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    foreign = set(loaded.split()) - set(sys.stdlib_module_names) - {"harness", "psutil", "__main__"}
    assert not {name for name in foreign if not name.startswith("_")}


def test_a_full_pipe_does_not_stop_the_readings() -> None:
    """Without a reader the output waits in memory, and what was read meanwhile is not lost."""
    with subprocess.Popen(sampler_command(ME), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request = b'{"id": 1, "command": "read"}\n'
        # Each answer is over 100 bytes: together they fill any pipe several times over.
        process.stdin.write(request * 3000)
        process.stdin.flush()
        select.select([process.stdout.fileno()], [], [], 30)
        answers = 0
        while answers < 3000:
            answers += json.loads(process.stdout.readline())["kind"] == "answer"
        process.kill()
    assert answers == 3000


def test_a_walk_that_is_asked_for_comes_before_the_next_that_is_due() -> None:
    hourly = SamplerConfig(NO_CGROUP, os.getpid(), cgroup_hz=4, processes_hz=1 / 3600)
    with subprocess.Popen(
        sampler_command(hourly), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        next(messages(process, "samples"))
        next(messages(process, "samples"))  # so the first walk, if it found anything, is behind us
        tell(process, 1, "walk")
        assert next(messages(process, "processes"))["rows"]
        process.kill()
