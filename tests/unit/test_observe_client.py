import contextlib
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pandas as pd
import psutil
import pytest

from harness.errors import ExperimentError
from harness.observe.client import SamplerClient
from harness.observe.sampler import SamplerConfig
from tests.unit.observe_support import NO_CGROUP, sampler_command, wait_for


class Pipes:
    """A channel over the pipes of a child process."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def lines(self) -> Iterable[str]:
        assert self.process.stdout is not None
        with self.process.stdout:
            yield from self.process.stdout

    def close(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(30)


def sampler_of(pid: int) -> Pipes:
    return Pipes(sampler_command(SamplerConfig(NO_CGROUP, pid, cgroup_hz=4, processes_hz=4)))


@pytest.fixture
def client() -> Iterator[SamplerClient]:
    client = SamplerClient(sampler_of(os.getpid()))
    client.start()
    yield client
    client.close()


def test_take_hands_out_everything_once(client: SamplerClient) -> None:
    wait_for(lambda: len(client.peek_samples()) >= 2)
    wait_for(lambda: client.latest()[1] is not None)
    first = client.take()
    client.read()
    second = client.take()
    assert len(first.samples) >= 2
    times = pd.concat([first.samples, second.samples])["at_epoch_seconds"]
    assert times.is_monotonic_increasing
    assert times.is_unique
    assert len(client.peek_samples()) < len(times)


def test_every_sample_up_to_the_answer_has_arrived(client: SamplerClient) -> None:
    state = client.read()
    assert len(client.take().samples) == state.readings
    assert state.missed_readings >= 0
    assert math.isnan(state.watermark_bytes)


def test_tables_have_numbers_and_nan_never_objects(client: SamplerClient) -> None:
    wait_for(lambda: client.latest()[1] is not None)
    wait_for(lambda: len(client.peek_samples()) > 0)
    readings = client.take()
    assert set(map(str, readings.samples.dtypes)) == {"float64"}
    assert readings.samples["usage_bytes"].isna().all()
    assert (readings.samples["memory_bytes"] > 0).all()
    types = {name: str(kind) for name, kind in readings.processes.dtypes.items()}
    assert types["pid"] == types["threads"] == "int64"
    assert types["rss_bytes"] == types["at_epoch_seconds"] == "float64"
    assert types["role"] == types["status"] == "str"


def test_tables_have_their_columns_even_when_empty(client: SamplerClient) -> None:
    client.read()
    client.take()
    empty = client.take()
    assert "memory_bytes" in empty.samples.columns
    assert "role" in empty.processes.columns


def test_latest_is_the_newest_of_both(client: SamplerClient) -> None:
    wait_for(lambda: client.latest()[1] is not None)
    wait_for(lambda: client.latest()[0] is not None)
    sample, processes = client.latest()
    assert sample is not None
    assert processes is not None
    assert sample["at_epoch_seconds"] == client.peek_samples()["at_epoch_seconds"].max()
    assert processes["at_epoch_seconds"].nunique() == 1
    me = processes[processes["pid"] == os.getpid()]
    assert list(me["role"]) == ["server"]


def test_counters_grow_from_one_state_to_the_next(client: SamplerClient) -> None:
    before = client.reset()
    wait_for(lambda: len(client.peek_samples()) > before.readings)
    after = client.read()
    assert after.readings > before.readings
    assert after.at > before.at
    assert after.cpu_seconds >= before.cpu_seconds


def test_no_walk_is_shown_of_a_tree_that_is_gone() -> None:
    gone = psutil.Popen(["true"])
    gone.wait()
    client = SamplerClient(sampler_of(gone.pid))
    client.start()
    client.read()
    wait_for(lambda: client.latest()[0] is not None)
    assert client.latest()[1] is None
    assert client.take().processes.empty
    client.close()


def test_a_sampler_that_dies_is_named() -> None:
    channel = sampler_of(os.getpid())
    client = SamplerClient(channel)
    client.start()
    channel.process.send_signal(signal.SIGKILL)
    channel.process.wait(30)
    with pytest.raises(ExperimentError, match="the sampler"):
        client.read()
    with pytest.raises(ExperimentError, match="ended unexpectedly"):
        wait_for(lambda: client.latest() and None)
    client.take()
    client.close()


def test_a_sampler_that_never_greets_is_a_time_out() -> None:
    client = SamplerClient(Pipes([sys.executable, "-c", "import sys; sys.stdin.read()"]), start_seconds=0.2)
    with pytest.raises(ExperimentError, match="did not answer 'start'"):
        client.start()
    client.close()


def test_a_sampler_that_talks_nonsense_is_told_so() -> None:
    client = SamplerClient(Pipes([sys.executable, "-c", 'print(\'{"kind": "song"}\'); input()']))
    with pytest.raises(ExperimentError, match="song"):
        client.start()
    client.close()


def test_closing_twice_and_without_a_start_leaves_nothing() -> None:
    channel = sampler_of(os.getpid())
    client = SamplerClient(channel)
    client.close()
    client.close()
    assert channel.process.poll() is not None
    channel.process.stdout.close()  # type: ignore[union-attr]
