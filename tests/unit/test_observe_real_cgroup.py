"""The readers against the kernel of this machine; skipped only where no cgroup may be made."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.observe.cgroup import CgroupPaths, Reader
from harness.observe.cgroup_v2 import CgroupV2Reader
from harness.observe.sampler import SamplerConfig, open_reader
from harness.stack import limited_cgroup

MIB = 2**20
UNIFIED = next(
    (
        p
        for p in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
        if (p / "cgroup.controllers").exists()
    ),
    None,
)


@pytest.fixture
def limited() -> Iterator[limited_cgroup.LimitedCgroup]:
    made: list[Path] = []
    try:
        try:
            yield limited_cgroup.make(0.5, 200 * MIB, made.append)
        except limited_cgroup.NoCgroupError as error:
            pytest.skip(str(error))
    finally:
        for directory in made:
            limited_cgroup.kill_all(directory)
            limited_cgroup.remove(directory)


@contextlib.contextmanager
def opened(limited: limited_cgroup.LimitedCgroup) -> Iterator[Reader]:
    paths = CgroupPaths.from_json(limited.sampler_config())
    reader = open_reader(SamplerConfig(paths, 1, 40, 2))
    try:
        yield reader
    finally:
        reader.close()


def run(limited: limited_cgroup.LimitedCgroup, code: str, meanwhile: Callable[[], None] | None = None) -> int:
    """Run Python in the cgroup; `meanwhile` runs once it has printed a line, and it then goes on."""
    with subprocess.Popen(
        limited.enter([sys.executable, "-c", code]), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        if meanwhile is not None:
            meanwhile()
        process.communicate()
        return process.returncode


def test_memory_and_cpu_are_those_of_what_ran_inside(limited: limited_cgroup.LimitedCgroup) -> None:
    with opened(limited) as reader:
        empty = reader.sample()
        held: list[int] = []

        def look() -> None:
            sample = reader.sample()
            assert sample.memory_bytes is not None
            held.append(sample.memory_bytes)

        code = (
            "import sys, time\n"
            "b = bytearray(b'x' * (60 << 20))\n"
            "end = time.process_time() + 0.3\n"
            "while time.process_time() < end: pass\n"
            "print('up', flush=True); sys.stdin.read()"
        )
        assert run(limited, code, look) == 0
        after = reader.sample()
        assert 60 * MIB < held[0] < 100 * MIB
        assert after.cpu_seconds is not None
        assert empty.cpu_seconds is not None
        assert 0.3 <= after.cpu_seconds - empty.cpu_seconds < 5
        assert (empty.oom_kills, after.oom_kills) == (0, 0)


def test_the_watermark_sees_a_spike_and_forgets_it_on_reset(limited: limited_cgroup.LimitedCgroup) -> None:
    with opened(limited) as reader:
        if not reader.resettable:
            pytest.skip("this kernel's watermark cannot be reset (before Linux 6.12)")
        reader.reset_watermark()
        assert run(limited, "b = bytearray(b'x' * (90 << 20)); print(flush=True)") == 0
        spike = reader.watermark()
        assert spike is not None
        assert spike > 90 * MIB
        reader.reset_watermark()
        forgotten = reader.watermark()
        assert forgotten is not None
        assert forgotten < 45 * MIB


def test_page_cache_is_usage_but_not_memory(limited: limited_cgroup.LimitedCgroup) -> None:
    code = (
        # the folder of a test may be in memory, whose pages are no cache
        "import sys, tempfile\nf = tempfile.TemporaryFile(dir='/var/tmp')\n"
        "for _ in range(50): f.write(b'x' * (1 << 20))\n"
        "f.flush(); print(flush=True); sys.stdin.read()"
    )
    with opened(limited) as reader:

        def look() -> None:
            sample = reader.sample()
            assert sample.usage_bytes is not None
            assert sample.memory_bytes is not None
            assert sample.usage_bytes - sample.memory_bytes > 45 * MIB

        assert run(limited, code, look) == 0


def test_a_kill_at_the_limit_is_counted(limited: limited_cgroup.LimitedCgroup) -> None:
    with opened(limited) as reader:
        assert run(limited, "b = bytearray(b'x' * (400 << 20)); print(flush=True)") == -9
        assert reader.sample().oom_kills == 1


def test_being_held_back_by_the_quota_is_counted(limited: limited_cgroup.LimitedCgroup) -> None:
    code = (
        "import threading, hashlib\n"
        "def burn():\n"
        "    for _ in range(60): hashlib.sha256(b'x' * (4 << 20)).digest()\n"
        "threads = [threading.Thread(target=burn) for _ in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print(flush=True)"
    )
    with opened(limited) as reader:
        assert run(limited, code) == 0
        sample = reader.sample()
        assert sample.periods is not None
        assert sample.periods > 0
        if len(os.sched_getaffinity(0)) > 1:
            assert sample.throttled_seconds is not None
            assert sample.throttled_seconds > 0


@pytest.mark.skipif(UNIFIED is None, reason="no cgroup version 2 file system")
def test_v2_cpu_and_pressure_of_a_real_cgroup() -> None:
    assert UNIFIED is not None
    folder = UNIFIED / f"dagster-sizing-test-{time.time_ns()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no right to make a cgroup: {error}")
    try:
        made = limited_cgroup.LimitedCgroup(2, "cgroup-v2", (folder,))
        reader = CgroupV2Reader(CgroupPaths(2, str(folder), str(folder)))
        assert run(made, "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)") == 0
        sample = reader.sample()
        reader.close()
        assert sample.cpu_seconds is not None
        assert 0.3 <= sample.cpu_seconds < 5
        assert reader.pressure in ("cgroup", "host", "none")
        assert (sample.cpu_pressure_seconds is None) == (reader.pressure == "none")
    finally:
        limited_cgroup.remove(folder)
