"""The registry of columns: every raw table of a result, its columns, their units, and how replicas add up.

It drives the Parquet schema, the totals over replicas, the peaks over processes, what stands for columns that
older results lack, and the page on the result format. A new column is one entry; of the table of bursts, one
field of `BurstRow`.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.results.column import Column, Dtype, Nature, OverReplicas, column, columns_of

EPOCH = "epoch seconds"
CHECK = "check"
"""Role of the process of a health check."""
RELOAD = "reload"
"""Phase of a burst in which the code location is reloaded; only constants of reloads are fitted to it."""

TICKING = "ticking"
"""Phase of a time in which the daemon evaluates sensors by itself, fired by nobody."""


@dataclass(frozen=True)
class BurstRow:
    """One burst: the row of the most important table."""

    cell_id: str = column("", "key", "the cell it is of")
    burst: int = column("", "key", "its number in the cell, in the order fired, warm-up included")
    phase: str = column(
        "", "text", "`warmup`, `measure`, `reload`, `ticking`, or `disturbed`: it was measured again"
    )
    level: int = column("requests", "amount", "runs (or ticks) launched in it")
    repeat: int = column("", "key", "which repeat of its level")
    hold_seconds: float = column("seconds", "amount", "how long its runs were told to last")
    idle_from_epoch_seconds: float = column(EPOCH, "instant", "begin of the quiet time before it")
    released_epoch_seconds: float = column(EPOCH, "instant", "when it was fired")
    drained_epoch_seconds: float = column(EPOCH, "instant", "when nothing of it was left")
    window_seconds: float = column("seconds", "amount", "from release to drained")
    drained: bool = column("", "flag", "every run ended, and nothing of it was left, in time")
    source: str = column("", "text", "what its readings came from, such as `sampler`")
    node: str = column("", "text", "where the code server ran, in a cluster that may move it")
    clock_offset_seconds: float = column(
        "seconds", "amount", "how far the source's clock was ahead; taken out of every instant"
    )
    watermark_bytes: float = column("bytes", "gauge", "the kernel's own memory peak; of a single replica")
    readings: int = column("readings", "amount", "readings of the sampler")
    missed_readings: int = column("readings", "amount", "readings that were due and came too late")
    sampler_cpu_cores: float = column("cores", "ratio", "CPU that the sampler itself used")
    generator_cpu_fraction: float = column("", "ratio", "busiest Locust process, of one core")
    generator_lateness_seconds: float = column("seconds", "amount", "latest request, behind its instant")
    generator_saturated: bool = column("", "flag", "the load generator, not the server, shaped the load")
    memory_idle_bytes: float = column("bytes", "gauge", "median memory in the quiet time before", "sum")
    memory_peak_bytes: float = column("bytes", "gauge", "highest memory without droppable cache", "sum")
    working_set_peak_bytes: float = column("bytes", "gauge", "highest working set, as in Kubernetes", "sum")
    usage_peak_bytes: float = column("bytes", "gauge", "highest memory with page cache", "sum")
    idle_cpu_cores: float = column("cores", "ratio", "CPU in the quiet time before", "sum")
    cpu_seconds: float = column("seconds", "amount", "CPU time used in the window", "sum")
    throttled_seconds: float = column("seconds", "amount", "time held back at the CPU limit", "sum")
    oom_kills: int = column("processes", "amount", "processes killed at the memory limit", "sum")
    samples: int = column("readings", "amount", "readings between release and drained")
    rss_peak_bytes: float = column("bytes", "gauge", "highest sum of RSS; shared pages count again", "sum")
    pss_peak_bytes: float = column("bytes", "gauge", "highest sum of PSS", "sum")
    uss_peak_bytes: float = column("bytes", "gauge", "highest sum of USS", "sum")
    threads_peak: float = column("threads", "gauge", "most threads of all processes", "sum")
    processes_peak: float = column("processes", "gauge", "most processes at once", "sum")
    open_files_peak: float = column("files", "gauge", "most open descriptors of all processes", "sum")
    processes_left: float = column(
        "processes", "gauge", "processes in the quiet time before that earlier bursts had left behind"
    )
    launches: int = column("requests", "amount", "launches of runs that were sent")
    launches_answered: int = column("requests", "amount", "launches that were answered with a run")
    runs_succeeded: int = column("runs", "amount", "runs that ended in SUCCESS")
    runs_failed: int = column("runs", "amount", "runs that ended in FAILURE or CANCELED")
    concurrency_peak: int = column("runs", "gauge", "most runs whose processes were up at once")
    launch_answer_max_seconds: float = column("seconds", "amount", "release to the last launch's answer")
    launch_seconds_max: float = column("seconds", "amount", "slowest answer to a launch")
    launch_span_seconds: float = column("seconds", "amount", "first intended instant to the last run's start")
    exec_window_seconds: float = column("seconds", "amount", "first run's start to the last run's end")
    exec_cpu_seconds: float = column("seconds", "amount", "CPU time used in that window")
    run_seconds: float = column("seconds", "amount", "sum over runs of start to end")
    ticks: int = column("requests", "amount", "ticks of sensors and schedules that were sent")
    ticks_evaluated: int = column("ticks", "amount", "ticks that were evaluated")
    tick_concurrency_peak: int = column("ticks", "gauge", "most evaluations at once")
    tick_seconds_max: float = column("seconds", "amount", "slowest answer to a tick")
    tick_span_seconds: float = column("seconds", "amount", "release to the last tick's answer")
    pings: int = column("requests", "amount", "Pings that were sent")
    pings_answered: int = column("requests", "amount", "Pings that were answered")
    ping_seconds_max: float = column("seconds", "amount", "slowest answer to a Ping")
    requests_running_max: float = column("requests", "gauge", "most requests in work, as Pings tell")
    requests_queued_max: float = column("requests", "gauge", "most requests waiting, as Pings tell")
    reload_seconds: float = column("seconds", "amount", "until a reload of the code location was answered")
    overlap_seconds: float = column("seconds", "amount", "time with two generations of the code server")
    daemon_ticks: int = column("ticks", "amount", "evaluations of sensors that the daemon made by itself")
    webserver_memory_peak_bytes: float = column("bytes", "gauge", "highest memory of the webserver")
    webserver_idle_cpu_cores: float = column("cores", "ratio", "CPU of the idle webserver")
    webserver_cpu_seconds: float = column("seconds", "amount", "CPU time of the webserver in its window")
    webserver_window_seconds: float = column("seconds", "amount", "from release to the last launch's answer")
    daemon_memory_idle_bytes: float = column(
        "bytes", "gauge", "highest memory of the daemon in the quiet time before"
    )
    daemon_memory_peak_bytes: float = column("bytes", "gauge", "highest memory of the daemon")
    daemon_idle_cpu_cores: float = column("cores", "ratio", "CPU of the idle daemon")
    daemon_cpu_seconds: float = column("seconds", "amount", "CPU time of the daemon in its window")
    daemon_window_seconds: float = column("seconds", "amount", "from release to drained")
    oom_victims: str = column("", "text", "whom the kernel killed, as far as can be told")
    host_steal_fraction: float = column("", "ratio", "share of the machine's CPU that was stolen")
    host_busy_fraction: float = column("", "ratio", "share of the machine's CPU that was busy")
    foreign_cpu_cores: float = column(
        "cores", "ratio", "CPU of the code server's machine that neither it nor its sampler took"
    )
    node_pressure: str = column("", "text", "what a cluster's node said it was short of meanwhile")
    host_load_1min: float = column("", "gauge", "load average of the machine at the end")
    others: int = column("experiments", "amount", "other experiments of this user on the machine meanwhile")
    clock_step_seconds: float = column(
        "seconds", "amount", "how far the machine's clock was set forward meanwhile"
    )
    server_clock_offset_seconds: float = column(
        "seconds", "amount", "how far the clock of the code servers' machine was ahead of the harness's"
    )
    generator_clock_offset_seconds: float = column(
        "seconds", "amount", "how far the clock of that generator's machine was ahead which was farthest off"
    )
    saturated: bool = column("", "flag", "the runs could have used more CPU than they got")
    failure: str = column("", "text", "what failed first in it: the step and exception, or the answer")
    runs_stuck: int = column("runs", "amount", "runs that had not ended when it was given up")
    lost_replica: str = column("", "text", "code servers that died in it")
    lost_at_epoch_seconds: float = column(EPOCH, "instant", "when the first of them died")
    lost_cause: str = column("", "text", "`oom`, `exit`, or `killed` on purpose")
    back_after_seconds: float = column("seconds", "amount", "time until they took connections again")


def _c(
    name: str,
    unit: str,
    nature: Nature,
    meaning: str,
    over: OverReplicas = "none",
    dtype: Dtype = "float64",
    peak: str = "",
) -> Column:
    return Column(name, dtype, unit, nature, meaning, over, peak)


def _text(name: str, meaning: str, nature: Nature = "text") -> Column:
    return Column(name, "str", "", nature, meaning)


def _count(name: str, unit: str, meaning: str, nature: Nature = "amount") -> Column:
    return Column(name, "int64", unit, nature, meaning)


_KEYS = (_text("cell_id", "the cell", "key"), _count("burst", "", "its burst", "key"))
_REPLICA = _text("replica", "the code server", "key")
_SENT = (
    _c("intended_epoch_seconds", EPOCH, "instant", "when it should have been sent"),
    _c("sent_epoch_seconds", EPOCH, "instant", "when it was sent"),
    _c("answered_epoch_seconds", EPOCH, "instant", "when it was answered"),
)
_OUTCOME = (
    _text("outcome", "`launched`, `evaluated`, or what went wrong"),
    _text("message", "why, or what a tick said"),
    _count("http_status", "", "of the answer; 0 without one", "key"),
    _count("worker_index", "", "Locust process that sent it", "key"),
)
_STAGES = {
    "created": "the run record's creation",
    "started": "the run record's start",
    "ended": "the run record's end",
    "enqueued": "put into the queue",
    "dequeued": "taken out of it",
    "starting": "the launch began",
    "process_started": "its process came up",
    "run_start": "its first step could begin",
    "run_end": "its last step had ended",
    "process_exited": "its process ended",
}

COLUMNS: dict[str, tuple[Column, ...]] = {
    "samples": (
        _c("at_epoch_seconds", EPOCH, "instant", "when it was read"),
        _c("usage_bytes", "bytes", "gauge", "memory with page cache", "sum"),
        _c("memory_bytes", "bytes", "gauge", "memory without the cache that the kernel could drop", "sum"),
        _c("working_set_bytes", "bytes", "gauge", "usage less inactive files, as in Kubernetes", "sum"),
        _c("anon_bytes", "bytes", "gauge", "anonymous memory", "sum"),
        _c("file_bytes", "bytes", "gauge", "page cache", "sum"),
        _c("cpu_seconds", "seconds", "counter", "CPU time used", "sum"),
        _c("throttled_seconds", "seconds", "counter", "time held back at the CPU limit", "sum"),
        _c("periods", "periods", "counter", "periods of the CPU limit", "sum"),
        _c("throttled_periods", "periods", "counter", "periods in which it was held back", "sum"),
        _c("oom_kills", "processes", "counter", "processes killed at the memory limit", "sum"),
        _c("cpu_pressure_seconds", "seconds", "counter", "time that some task waited for CPU", "max"),
        _c("memory_pressure_seconds", "seconds", "counter", "time that some task waited for memory", "max"),
        _c("io_pressure_seconds", "seconds", "counter", "time that some task waited for a disk", "max"),
        _REPLICA,
        *_KEYS,
    ),
    "processes": (
        _c("at_epoch_seconds", EPOCH, "instant", "when the tree was walked"),
        _count("pid", "", "process", "key"),
        _count("ppid", "", "its parent", "key"),
        _c("created_epoch_seconds", EPOCH, "instant", "when it was made, to the second of the boot"),
        _text(
            "role",
            "`server`, `run`, `step`, `helper`, `check` (of health), or `other`: none of those started it",
        ),
        _text("status", "as psutil names it"),
        _c("rss_bytes", "bytes", "gauge", "resident memory; shared pages in full", peak="rss_peak_bytes"),
        _c("pss_bytes", "bytes", "gauge", "its share of resident memory", peak="pss_peak_bytes"),
        _c("uss_bytes", "bytes", "gauge", "memory that is its alone", peak="uss_peak_bytes"),
        _c("threads", "threads", "gauge", "its threads", dtype="int64", peak="threads_peak"),
        _c("cpu_seconds", "seconds", "counter", "its own CPU time"),
        _c("children_cpu_seconds", "seconds", "counter", "CPU time of children that it waited for"),
        _c("open_files", "files", "gauge", "its open descriptors", peak="open_files_peak"),
        _REPLICA,
        *_KEYS,
    ),
    "launches": (
        _count("index", "", "place in the burst", "key"),
        *_SENT,
        _text("run_id", "the run; empty without one", "key"),
        *_OUTCOME,
        *_KEYS,
    ),
    "ticks": (
        _count("index", "", "place in the burst", "key"),
        _text("kind", "`sensor` or `schedule`"),
        *_SENT,
        *_OUTCOME,
        _c("began_epoch_seconds", EPOCH, "instant", "begin of the evaluation, where the tick tells"),
        _c("ended_epoch_seconds", EPOCH, "instant", "end of the evaluation, where the tick tells"),
        _c("pid", "", "key", "process it was evaluated in, where the tick tells"),
        _c("thread", "", "key", "thread it was evaluated in, where the tick tells"),
        *_KEYS,
    ),
    "runs": (
        _text("run_id", "the run", "key"),
        _text("job", "its job"),
        _text("status", "as Dagster names it"),
        _c("pid", "", "key", "its process, as the code server named it"),
        _count("steps", "steps", "steps that started"),
        _text("failure", "the step that failed first, and why; empty where none did"),
        _text("metadata", "JSON of the numbers that its materializations report"),
        *(_c(f"{stage}_epoch_seconds", EPOCH, "instant", said) for stage, said in _STAGES.items()),
        _REPLICA,
        *_KEYS,
    ),
    "steps": (
        _text("run_id", "the run", "key"),
        _text("step", "its key; an attempt that is made again has a row of its own"),
        _c("pid", "", "key", "its own process; empty where it ran in that of its run"),
        _c("began_epoch_seconds", EPOCH, "instant", "its process came up, or else the step started"),
        _c("ended_epoch_seconds", EPOCH, "instant", "it ended, however it did"),
        *_KEYS,
    ),
    "companions": (
        _c("at_epoch_seconds", EPOCH, "instant", "when it was read"),
        _c("usage_bytes", "bytes", "gauge", "memory with page cache"),
        _c("memory_bytes", "bytes", "gauge", "memory without the cache that the kernel could drop"),
        _c("cpu_seconds", "seconds", "counter", "CPU time used"),
        _text("companion", "`webserver` or `daemon`", "key"),
        *_KEYS,
    ),
    "pings": (
        _REPLICA,
        _c("sent_epoch_seconds", EPOCH, "instant", "when it was sent"),
        _c("answered_epoch_seconds", EPOCH, "instant", "when it was answered"),
        _text("outcome", "`ok`, `timeout` or `error`"),
        _c("max_concurrent_requests", "requests", "gauge", "threads of the server's pool, as it tells"),
        _c("num_running_requests", "requests", "gauge", "requests in work, as it tells"),
        _c("num_queued_requests", "requests", "gauge", "requests waiting, as it tells"),
        _count("runs_in_progress", "runs", "runs that were up then, in truth", "gauge"),
        _count("requests_in_progress", "requests", "requests without an answer then, in truth", "gauge"),
        *_KEYS,
    ),
    "scrapes": (
        _c("at_epoch_seconds", EPOCH, "instant", "its stamp, as the source of metrics gives it"),
        _text("instance", "the life of the container that it is of", "key"),
        _c("working_set_bytes", "bytes", "gauge", "usage less inactive files, as in Kubernetes"),
        _c("rss_bytes", "bytes", "gauge", "anonymous memory"),
        _c("cache_bytes", "bytes", "gauge", "page cache"),
        _c("cpu_seconds", "seconds", "counter", "CPU time used"),
        _c("throttled_seconds", "seconds", "counter", "time held back at the CPU limit"),
        _c("threads", "threads", "gauge", "threads of all processes"),
        _c("processes", "processes", "gauge", "processes"),
    ),
    "daemon_ticks": (
        _text("name", "of the sensor or schedule", "key"),
        _c("began_epoch_seconds", EPOCH, "instant", "when the daemon began to have it evaluated"),
        _c("ended_epoch_seconds", EPOCH, "instant", "when that was done; its begin where it never was"),
    ),
    "predicted": (
        _c("at_epoch_seconds", EPOCH, "instant", "stamp of the reading, less the lag"),
        _text("instance", "as in `scrapes`", "key"),
        _c("live_runs", "runs", "gauge", "runs whose processes were up then, or on average over the window"),
        _c("working_set_bytes", "bytes", "gauge", "as it was read"),
        _c("predicted_bytes", "bytes", "gauge", "as the constants and the live runs have it"),
    ),
    "replicas": (
        _REPLICA,
        _count("runs", "runs", "runs that it took"),
        _count("runs_succeeded", "runs", "those that ended in SUCCESS"),
        _count("run_processes", "processes", "processes of runs that were seen in it"),
        *(one for one in columns_of(BurstRow) if one.over_replicas == "sum" or one.name == "samples"),
        *_KEYS,
    ),
    "bursts": columns_of(BurstRow),
}
"""By table, in the order of the file."""

SCRAPES, DAEMON_TICKS, PREDICTED = "scrapes", "daemon_ticks", "predicted"
OBSERVED = (SCRAPES, DAEMON_TICKS, PREDICTED)
"""Tables of a deployment that others load, and of no burst; the last is computed from the first."""


def column_of(table: str, name: str) -> Column:
    """The entry of a column; KeyError where there is none."""
    return next(one for one in COLUMNS[table] if one.name == name)


def gauges_of_samples() -> list[str]:
    """Columns of the table of samples that are a state at one instant: all of them are of memory."""
    return [one.name for one in COLUMNS["samples"] if one.nature == "gauge"]


def peaks_of_processes() -> dict[str, str]:
    """Columns of the table of processes whose sum has a peak, and that peak's column in the bursts."""
    return {one.name: one.peak for one in COLUMNS["processes"] if one.peak}
