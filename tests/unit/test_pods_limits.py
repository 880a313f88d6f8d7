"""Limits that a pod was given, and those that the kernel of its node has in force."""

from pathlib import Path

import pytest

from harness.observe.cgroup import CgroupPaths
from harness.observe.cgroup_limits import CgroupLimits
from harness.stack.pod_reach import not_in_force


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((2.0, 2**30), ""),
        ((2.0, 2**30 - 4095), ""),
        ((None, 2**30), "no number of CPUs"),
        ((1.0, 2**30), "to 1 CPUs"),
        ((2.0, None), "no number of bytes"),
        ((2.0, 2**29), "to 536870912 bytes"),
    ],
)
def test_limits_that_the_kernel_does_not_have_are_not_enforced(
    there: tuple[float | None, int | None], expected: str
) -> None:
    told = not_in_force(2.0, 2**30, *there)
    assert (expected in told) if expected else told == ""


def test_limits_in_force_are_read_from_either_version(tmp_path: Path) -> None:
    old = CgroupPaths(1, *(str(tmp_path / name) for name in ("memory", "cpu", "cpuacct")))
    assert CgroupLimits.of(old) == CgroupLimits(None, None)
    for name, text in {
        "memory/memory.limit_in_bytes": "1073741824\n",
        "cpu/cpu.cfs_quota_us": "150000\n",
        "cpu/cpu.cfs_period_us": "100000\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert CgroupLimits.of(old) == CgroupLimits(2**30, 1.5)
    (tmp_path / "memory/memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    assert CgroupLimits.of(old) == CgroupLimits(None, None)
    new = CgroupPaths(2, str(tmp_path), str(tmp_path))
    assert CgroupLimits.of(new) == CgroupLimits(None, None)
    (tmp_path / "memory.max").write_text("1073741824\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert CgroupLimits.of(new) == CgroupLimits(2**30, 1.5)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert CgroupLimits.of(new) == CgroupLimits(None, None)
    assert CgroupLimits.of(CgroupPaths(0)) == CgroupLimits(None, None)
