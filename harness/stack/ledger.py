"""A crash-safe record of everything an experiment creates that shall not outlive it.

Each experiment writes one JSON file in the user's state folder, before it creates anything; the file goes
when everything in it is gone. A file whose owner is dead is what a killed harness left, and `clean` removes
exactly what it lists. A process is named by pid, boot and start in ticks since the boot, so that a reused pid
is never hit, and none is lost when the clock is set.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
from docker.errors import DockerException

from harness.atomic import write_text
from harness.crash_logs import remove_old_crash_logs, state_folder
from harness.errors import MachineError
from harness.stack import limited_cgroup
from harness.stack.engine import Removed, connect, remove_experiment
from harness.stack.kubectl import Kubectl
from harness.stack.place import disturbs

GRACE_SECONDS = 2.0
POD_SECONDS = 15
"""Pods are given 2 s to end; a kubelet may take over a minute to tell that they have."""
_CREATED = "created/"
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessMark:
    """One process, told apart from a later one with the same pid."""

    pid: int
    started: str
    """Id of the boot and ticks since then; where there is no /proc, `created` and the epoch seconds."""

    def alive(self) -> psutil.Process | None:
        """The process, if it is still the same one and not a zombie."""
        try:
            process = psutil.Process(self.pid)
            told = _created(process) if self.started.startswith(_CREATED) else _started(self.pid)
            same = told == self.started and process.status() != psutil.STATUS_ZOMBIE
            return process if same else None
        except (psutil.Error, OSError):
            return None


def mark(pid: int) -> ProcessMark:
    """The mark of a live process."""
    try:
        return ProcessMark(pid, _started(pid))
    except FileNotFoundError:
        return ProcessMark(pid, _created(psutil.Process(pid)))


def _started(pid: int) -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    fields = stat.rpartition(b")")[2].split()  # the name before may hold anything
    return f"{boot}/{int(fields[19])}"


def _created(process: psutil.Process) -> str:
    return f"{_CREATED}{process.create_time():.1f}"


@dataclass(frozen=True)
class EngineMark:
    """What one experiment has in a Docker engine: everything that carries its label."""

    host: str
    experiment: str


@dataclass(frozen=True)
class NamespaceMark:
    """What one experiment has in a cluster: a namespace of its own."""

    kubeconfig: str
    context: str
    namespace: str


@dataclass(frozen=True)
class Entry:
    """What one experiment owns."""

    owner: ProcessMark
    processes: tuple[ProcessMark, ...] = ()
    cgroups: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    engines: tuple[EngineMark, ...] = ()
    files: tuple[str, ...] = ()
    namespaces: tuple[NamespaceMark, ...] = ()
    spot: str = ""
    """Where it measures; empty for this machine."""


class Ledger:
    """The record of one running experiment."""

    def __init__(self, spot: str = "") -> None:
        self._entry = Entry(owner=mark(os.getpid()), spot=spot)
        self._file = state_folder() / f"{uuid.uuid4().hex}.json"
        self._write()

    @property
    def entry(self) -> Entry:
        """What is recorded now."""
        return self._entry

    def add_process(self, pid: int) -> ProcessMark:
        """Record a process that was just started."""
        added = mark(pid)
        self._change(replace(self._entry, processes=(*self._entry.processes, added)))
        return added

    def add_cgroup(self, directory: Path) -> None:
        """Record a cgroup directory that is about to be made."""
        self._change(replace(self._entry, cgroups=(*self._entry.cgroups, str(directory))))

    def add_file(self, path: Path) -> None:
        """Record a file that is about to be made."""
        self._change(replace(self._entry, files=(*self._entry.files, str(path.absolute()))))

    def add_engine(self, host: str, experiment: str) -> None:
        """Record that containers with the label of `experiment` are about to be made."""
        mark = EngineMark(host, experiment)
        self._change(replace(self._entry, engines=(*self._entry.engines, mark)))

    def add_namespace(self, kubeconfig: str, context: str, namespace: str) -> None:
        """Record that a namespace of a cluster is about to be made."""
        mark = NamespaceMark(kubeconfig, context, namespace)
        self._change(replace(self._entry, namespaces=(*self._entry.namespaces, mark)))

    def make_folder(self, prefix: str) -> Path:
        """Make and record a scratch folder."""
        folder = Path(tempfile.gettempdir()) / f"{prefix}{uuid.uuid4().hex[:12]}"
        self._change(replace(self._entry, folders=(*self._entry.folders, str(folder))))
        folder.mkdir(mode=0o700)
        return folder

    def close(self, say: Callable[[str], None] | None = None) -> None:
        """Remove everything recorded, then the record itself; what cannot be removed is kept in it.

        Args:
            say: is told of what an engine or a cluster keeps; without it, that is an error.

        Raises:
            MachineError: as said.
        """
        try:
            _remove(self._entry)
        except MachineError as error:
            if say is None:
                raise
            # What went wrong before says more.
            say(f"not all could be removed ({error}); remove the rest, once that goes: dagster-sizing clean")
            return
        if not _left(self._entry):
            self._file.unlink(missing_ok=True)

    def _change(self, entry: Entry) -> None:
        self._entry = entry
        self._write()

    def _write(self) -> None:
        write_text(self._file, json.dumps(asdict(self._entry)))


@dataclass(frozen=True)
class CleanReport:
    """What `clean` removed."""

    processes: int = 0
    cgroups: int = 0
    folders: int = 0
    files: int = 0
    namespaces: int = 0
    engine: Removed = field(default_factory=Removed)

    def __add__(self, other: CleanReport) -> CleanReport:
        return CleanReport(
            self.processes + other.processes,
            self.cgroups + other.cgroups,
            self.folders + other.folders,
            self.files + other.files,
            self.namespaces + other.namespaces,
            self.engine + other.engine,
        )


def clean(say: Callable[[str], None]) -> CleanReport:
    """Remove what dead experiments left; experiments that still run are not touched."""
    total = CleanReport()
    running: set[ProcessMark] = set()
    for file in sorted(state_folder().glob("*.json")):
        entry = _read(file)
        if entry is None:
            file.unlink(missing_ok=True)
            continue
        if entry.owner.alive() is not None:
            running.add(entry.owner)
            continue
        try:
            total += _remove(entry)
        except MachineError as error:
            say(f"containers or pods of a killed experiment may be left ({error}); run clean again then")
            continue
        if left := _left(entry):
            say(f"{', '.join(left)} could not be removed; run clean again when nothing uses it any more")
            continue
        file.unlink(missing_ok=True)
    if running:
        say(f"{len(running)} experiments are still running and were left alone")
    logs = remove_old_crash_logs()
    said = f"removed {total.processes} processes, {total.cgroups} cgroups, {total.folders} scratch folders"
    if total.engine.total:
        of = total.engine
        said += (
            f", {of.containers} containers, {of.networks} networks, {of.volumes} volumes, {of.images} images"
        )
    if total.namespaces:
        said += f", {total.namespaces} namespaces of clusters"
    if total.files:
        said += f", {total.files} live views"
    say(said + (f", {logs} old crash logs" if logs else ""))
    return total


def others_measuring(spot: str = "") -> int:
    """How many other experiments of this user are measuring now where they disturb one at `spot`."""
    entries = [_read(file) for file in state_folder().glob("*.json")]
    owners = {
        entry.owner for entry in entries if entry is not None and entry.files and disturbs(entry.spot, spot)
    }
    return sum(owner.pid != os.getpid() and owner.alive() is not None for owner in owners)


def terminate(marks: list[ProcessMark]) -> int:
    """End processes and all their descendants: politely first, then for good. Returns how many there were."""
    found: dict[int, psutil.Process] = {}
    for one in marks:
        process = one.alive()
        if process is None:
            continue
        found[process.pid] = process
        try:
            found |= {child.pid: child for child in process.children(recursive=True)}
        except psutil.Error:
            continue
    processes = list(found.values())
    for process in processes:
        _signal(process.terminate)
    for process in _still_alive(processes):
        _signal(process.kill)
    _still_alive(processes)
    return len(processes)


def _still_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended after a while.

    A zombie has ended. `psutil.wait_procs` waits until its parent takes note, which an init may be slow to
    do, and a container's first process may never do.
    """
    deadline = time.monotonic() + GRACE_SECONDS
    while (alive := [one for one in processes if not _ended(one)]) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return alive


def _ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.Error:
        return


def _remove(entry: Entry) -> CleanReport:
    processes = terminate(list(entry.processes))
    cgroups = folders = files = 0
    for directory in entry.cgroups:
        processes += limited_cgroup.kill_all(Path(directory))
        cgroups += limited_cgroup.remove(Path(directory))
    for folder in entry.folders:
        if Path(folder).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folders += 1
    for file in entry.files:
        if Path(file).exists():
            with contextlib.suppress(OSError):
                Path(file).unlink()
                files += 1
    # A cluster that is gone keeps nothing else from being removed.
    engine = _remove_from_engines(entry)
    namespaces = sum(map(_remove_namespace, entry.namespaces))
    return CleanReport(processes, cgroups, folders, files, namespaces, engine)


def _left(entry: Entry) -> list[str]:
    """The cgroups, folders and files of an entry that are still there."""
    return [path for path in (*entry.cgroups, *entry.folders, *entry.files) if Path(path).exists()]


def _remove_namespace(mark: NamespaceMark) -> bool:
    """Whether it was there."""
    kubectl = Kubectl(mark.context, mark.namespace, mark.kubeconfig)
    pods = ("delete", "pods", "--all")
    # Before their namespace, which with ended pods in it is looked at again only after up to a minute.
    try:
        kubectl.run(*pods, f"--timeout={POD_SECONDS}s", timeout=60)
    except MachineError:  # a node that is lost never tells that they have ended, and another takes its time
        kubectl.run(*pods, "--force", "--grace-period=0", "--timeout=30s", timeout=60)
    delete = ("delete", "namespace", mark.namespace, "--ignore-not-found", "--timeout=60s")
    return bool(kubectl.run(*delete, timeout=90).strip())


def _remove_from_engines(entry: Entry) -> Removed:
    removed = Removed()
    for mark in entry.engines:
        client = connect(mark.host)
        try:
            removed += remove_experiment(client, mark.experiment)
        except DockerException as error:
            raise MachineError(f"the Docker engine at {mark.host}: {error}") from None
        finally:
            client.close()
    return removed


def _read(file: Path) -> Entry | None:
    try:
        raw = json.loads(file.read_text("utf-8"))
        return Entry(
            owner=_mark_of(raw["owner"]),
            processes=tuple(map(_mark_of, raw["processes"])),
            cgroups=tuple(raw["cgroups"]),
            folders=tuple(raw["folders"]),
            engines=tuple(EngineMark(**item) for item in raw.get("engines", ())),
            files=tuple(raw.get("files", ())),
            namespaces=tuple(NamespaceMark(**item) for item in raw.get("namespaces", ())),
            spot=str(raw.get("spot", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mark_of(item: dict[str, Any]) -> ProcessMark:
    """As it was written, or as it was by an older harness, with the time of creation."""
    if "created" in item:
        return ProcessMark(int(item["pid"]), f"{_CREATED}{float(item['created']):.1f}")
    return ProcessMark(**item)
