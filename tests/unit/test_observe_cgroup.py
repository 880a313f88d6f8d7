import shutil
from pathlib import Path

import pytest

from harness.observe.cgroup import COLUMNS, CgroupPaths, Reader, Watermark
from harness.observe.cgroup_v1 import CgroupV1Reader
from harness.observe.cgroup_v2 import CgroupV2Reader
from harness.observe.kept_files import KeptFile, KeptFiles

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOST_PRESSURE = FIXTURES / "pressure"
NO_PRESSURE = FIXTURES / "no-such-folder"


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "cgroup_v1", tmp_path / "v1"))


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "cgroup_v2", tmp_path / "v2"))


def v1_reader(folder: Path, host: Path = HOST_PRESSURE) -> CgroupV1Reader:
    paths = CgroupPaths(1, str(folder / "memory"), str(folder / "cpu"), str(folder / "cpuacct"))
    return CgroupV1Reader(paths, host)


def v2_reader(folder: Path, host: Path = HOST_PRESSURE) -> CgroupV2Reader:
    return CgroupV2Reader(CgroupPaths(2, str(folder), str(folder)), host)


def test_v1_reads_every_column(v1: Path) -> None:
    reader = v1_reader(v1)
    sample = reader.sample()
    assert sample.usage_bytes == 49549312
    assert sample.working_set_bytes == 49549312 - 6291456
    assert sample.memory_bytes == 49549312 - 6291456 - 3526656
    assert sample.anon_bytes == 38907904
    assert sample.file_bytes == 9818112
    assert sample.cpu_seconds == pytest.approx(0.825022255)
    assert (sample.periods, sample.throttled_periods) == (43, 41)
    assert sample.throttled_seconds == pytest.approx(3.056539766)
    assert sample.oom_kills == 1
    assert sample.memory_pressure_seconds is not None
    assert (reader.pressure, reader.resettable) == ("host", True)
    assert reader.watermark() == 62914560
    assert None not in sample.row()
    reader.close()


def test_v1_resets_the_watermark_by_writing_to_it(v1: Path) -> None:
    reader = v1_reader(v1)
    file = v1 / "memory" / "memory.max_usage_in_bytes"
    file.write_text("", "utf-8")
    reader.reset_watermark()
    assert file.read_bytes() == b"0"
    reader.close()


def test_v1_before_oom_counts_and_without_a_quota_knows_less(v1: Path) -> None:
    (v1 / "memory" / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\n", "utf-8")
    (v1 / "cpu" / "cpu.stat").unlink()
    (v1 / "memory" / "memory.max_usage_in_bytes").unlink()
    reader = v1_reader(v1, NO_PRESSURE)
    sample = reader.sample()
    assert sample.oom_kills is None
    assert (sample.periods, sample.throttled_periods, sample.throttled_seconds) == (None, None, None)
    assert sample.cpu_pressure_seconds is None
    assert (reader.pressure, reader.resettable, reader.watermark()) == ("none", False, None)
    assert sample.memory_bytes is not None
    reader.close()


def test_cache_read_after_usage_never_makes_memory_negative(v1: Path) -> None:
    (v1 / "memory" / "memory.usage_in_bytes").write_text("1000\n", "utf-8")
    sample = v1_reader(v1).sample()
    assert (sample.usage_bytes, sample.working_set_bytes, sample.memory_bytes) == (1000, 0, 0)


def test_v2_reads_every_column(v2: Path) -> None:
    reader = v2_reader(v2)
    sample = reader.sample()
    assert sample.usage_bytes == 143654912
    assert sample.working_set_bytes == 143654912 - 20971520
    assert sample.memory_bytes == 143654912 - 20971520 - 9437184
    assert (sample.anon_bytes, sample.file_bytes) == (104857600, 31457280)
    assert sample.cpu_seconds == pytest.approx(0.27222)
    assert (sample.periods, sample.throttled_periods) == (43, 41)
    assert sample.throttled_seconds == pytest.approx(3.056539)
    assert sample.oom_kills == 3
    assert sample.cpu_pressure_seconds == pytest.approx(0.007728)
    assert sample.memory_pressure_seconds == pytest.approx(1.25)
    assert sample.io_pressure_seconds == pytest.approx(0.000031)
    assert reader.pressure == "cgroup"
    assert None not in sample.row()
    reader.close()


def test_v2_reads_and_resets_the_watermark_through_one_descriptor(v2: Path) -> None:
    reader = v2_reader(v2)
    assert reader.resettable
    (v2 / "memory.peak").write_text("150000000\n", "utf-8")  # what the kernel shows after the reset
    assert reader.watermark() == 150000000
    reader.reset_watermark()
    assert (v2 / "memory.peak").read_text("utf-8").startswith("reset\n")
    reader.close()


def test_v2_without_cpu_controller_peak_and_pressure_knows_less(v2: Path) -> None:
    (v2 / "cpu.stat").write_text("usage_usec 5\nuser_usec 5\nsystem_usec 0\n", "utf-8")
    (v2 / "memory.peak").unlink()
    (v2 / "io.pressure").unlink()
    reader = v2_reader(v2)
    sample = reader.sample()
    assert sample.cpu_seconds == pytest.approx(5e-6)
    assert (sample.periods, sample.throttled_seconds) == (None, None)
    assert (reader.resettable, reader.watermark()) == (False, None)
    assert reader.pressure == "host"
    reader.close()


def test_a_cgroup_that_is_gone_tells_nothing(tmp_path: Path) -> None:
    for reader in (v1_reader(tmp_path, NO_PRESSURE), v2_reader(tmp_path, NO_PRESSURE)):
        row = dict(zip(COLUMNS, reader.sample().row(), strict=True))
        assert row.pop("at_epoch_seconds") is not None
        assert set(row.values()) == {None}
        reader.reset_watermark()
        reader.close()


def test_a_kept_file_shows_the_newest_content_and_may_be_closed_twice(tmp_path: Path) -> None:
    (tmp_path / "n").write_text("1\n", "utf-8")
    file = KeptFile(tmp_path / "n")
    (tmp_path / "n").write_text("23\n", "utf-8")
    assert file.integer() == 23
    file.close()
    file.close()
    assert not file.exists


def test_kept_files_are_told_in_order_whichever_is_not_there(tmp_path: Path) -> None:
    for name in ("a", "c"):
        (tmp_path / name).write_text(name, "utf-8")
    files = KeptFiles(*(tmp_path / name for name in "abc"))
    assert files.read() == [b"a", b"", b"c"]
    (tmp_path / "c").write_text("d", "utf-8")
    assert files.read() == [b"a", b"", b"d"]
    files.close()
    files.close()
    assert files.read() == [b"", b"", b""]


def test_kept_files_of_which_one_cannot_be_read_any_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a", "utf-8")
    files = KeptFiles(tmp_path / "a", Path("/proc/self/mem"))  # opens, and has nothing at its beginning
    assert files.read() == [b"a", b""]
    files.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_look_keeps_what_was_there_at_its_time(v1: Path, v2: Path, version: int) -> None:
    reader: Reader = v1_reader(v1) if version == 1 else v2_reader(v2)
    usage = v1 / "memory" / "memory.usage_in_bytes" if version == 1 else v2 / "memory.current"
    before = reader.sample()
    look = reader.look()
    usage.write_text("999999999\n", "utf-8")
    after = reader.sample()
    assert look().usage_bytes == before.usage_bytes != after.usage_bytes == 999999999
    assert before.at_epoch_seconds <= look().at_epoch_seconds <= after.at_epoch_seconds
    reader.close()


def test_processes_of_a_cgroup_are_those_listed_now_and_seen_from_here(v2: Path) -> None:
    paths = CgroupPaths(2, str(v2), str(v2))
    listed = v2 / "cgroup.procs"
    listed.write_text("0\n" + "".join(f"{pid}\n" for pid in range(100_000, 120_000)), "utf-8")
    assert paths.pids() == tuple(range(100_000, 120_000))
    listed.write_text("7\n", "utf-8")
    assert paths.pids() == (7,)
    listed.unlink()
    assert paths.pids() == CgroupPaths(0).pids() == ()


def test_paths_survive_json() -> None:
    paths = CgroupPaths(1, "/m", "/c", "/a")
    assert CgroupPaths.from_json(paths.to_json()) == paths


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"version": 3}, "version"),
        ({"version": 1, "memory": "/m", "cpu": "/c"}, "cpuacct"),
        ({"version": 2, "cpu": "/c"}, "memory"),
        ({"version": 0, "path": "/m"}, "path"),
    ],
)
def test_wrong_paths_are_refused_by_name(document: dict[str, object], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        CgroupPaths.from_json(document)


def test_a_watermark_that_cannot_be_reset_tells_only_of_new_peaks(tmp_path: Path) -> None:
    file = tmp_path / "peak"
    file.write_text("500\n")
    watermark = Watermark(file, b"reset\n", probe=True)
    # as in a container, whose cgroup is mounted read-only
    watermark.resettable = False
    file.write_text("500\n")
    assert watermark.value() is None
    watermark.reset()
    assert watermark.value() is None
    file.write_text("700\n")
    assert watermark.value() == 700
    watermark.reset()
    assert watermark.value() is None
    watermark.close()


@pytest.mark.parametrize(("recorded", "version"), [("cgroup_v1", 1), ("cgroup_v2", 2)])
def test_the_cgroup_of_a_container_is_seen_through_its_first_process(
    recorded: str, version: int, tmp_path: Path
) -> None:
    seen = tmp_path / "1" / "root" / "sys" / "fs" / "cgroup"
    shutil.copytree(FIXTURES / recorded, seen)
    paths = CgroupPaths.seen_by(1, proc=tmp_path)
    assert paths.version == version
    reader = CgroupV1Reader(paths) if version == 1 else CgroupV2Reader(paths)
    assert reader.sample().usage_bytes
    reader.close()


def test_a_container_without_a_cgroup_of_its_own_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cgroupns=private"):
        CgroupPaths.seen_by(1, proc=tmp_path)


def test_the_sampler_may_be_told_whom_to_look_through() -> None:
    with pytest.raises(ValueError, match="cgroup"):
        CgroupPaths.from_json({"seen_by_pid": 2**22 + 1})


def process_in(tmp_path: Path, lines: str, container: bool = False) -> CgroupPaths:
    """Where a process is that /proc tells these lines of, with a file system of both versions."""
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    for pid, namespace in (("7", "mnt:[2]" if container else "mnt:[1]"), ("self", "mnt:[1]")):
        (proc / pid / "ns").mkdir(parents=True)
        (proc / pid / "ns" / "mnt").symlink_to(namespace)
    (proc / "7" / "cgroup").write_text(lines)
    for file in ("memory/here/memory.usage_in_bytes", "unit/memory.current", "memory/memory.usage_in_bytes"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("1")
    inside = proc / "7" / "root" / "sys" / "fs" / "cgroup"
    inside.mkdir(parents=True)
    (inside / "memory.current").write_text("1")
    return CgroupPaths.of_process(7, proc, root)


@pytest.mark.parametrize(
    ("lines", "version", "ends"),
    [
        ("0::/unit\n", 2, "cgroup/unit"),
        ("4:memory:/here\n3:cpu,cpuacct:/here\n0::/\n", 1, "cgroup/memory/here"),
        ("4:memory:/\n0::/\n", 0, ""),  # the whole machine's is nobody's own
        ("0::/gone\n", 0, ""),
        ("nonsense\n", 0, ""),
    ],
)
def test_the_cgroup_of_a_process_of_this_machine(tmp_path: Path, lines: str, version: int, ends: str) -> None:
    found = process_in(tmp_path, lines)
    assert found.version == version
    assert found.memory.endswith(ends)


def test_the_cgroup_of_a_container_is_seen_through_its_process(tmp_path: Path) -> None:
    found = process_in(tmp_path, "0::/\n", container=True)
    assert (found.version, found.memory.endswith("7/root/sys/fs/cgroup")) == (2, True)
