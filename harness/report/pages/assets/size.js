"use strict";
// The target of `dagster-sizing size`, computed again as the form changes: harness/sizing/formulas.py.
(() => {
  const form = document.getElementById("size");
  if (!form) return;
  const cells = JSON.parse(document.getElementById("size-inputs").textContent);
  const MIB = 1024 * 1024;
  const number = (name) => {
    const value = form.elements[name].valueAsNumber;
    return Number.isFinite(value) && value > 0 ? value : null;
  };

  // The least number at once that the peak of a day exceeds once in so many days: harness/model/day_peaks.py.
  function dayPeak(days, perSecond, seconds) {
    const mean = perSecond * seconds;
    let term = -mean;
    let sum = Math.exp(term);
    let count = 0;
    while (1 - sum + perSecond * 86400 * Math.exp(term) > 1 / days && count < 1e6) {
      count += 1;
      term += Math.log(mean) - Math.log(count);
      sum += Math.exp(term);
    }
    return count;
  }

  function sizeFor(cell, runs, perSecond) {
    const ticks = cell.tick_memory_bytes ? cell.ticks * cell.tick_memory_bytes : 0;
    const memory = cell.base_memory_bytes + runs * cell.memory_per_run_bytes + ticks;
    const burst = runs / cell.start_within_seconds;
    return {
      runs,
      memory_bytes: memory * (1 + cell.memory_headroom),
      cpu_cores: cell.base_cpu_cores + cell.cpu_seconds_per_run * Math.max(perSecond, burst),
      grpc_max_workers: Math.max(Math.ceil(perSecond * cell.launch_seconds_per_run), runs) + cell.ticks + 1,
    };
  }

  function demanded(cell) {
    const told = number("runs");
    if (told) return { runs: Math.ceil(told), perSecond: 0, why: "as told" };
    const duration = number("duration");
    const perHour = number("per_hour");
    if (!duration || !perHour) return null;
    const runs = dayPeak(cell.return_days, perHour / 3600, duration + cell.beyond_seconds);
    return { runs, perSecond: perHour / 3600, why: `the peak of one day in ${cell.return_days}` };
  }

  function show() {
    const cell = cells[Number(form.elements.cell.value)];
    const demand = demanded(cell);
    const out = document.getElementById("sized");
    window.sized = demand ? sizeFor(cell, demand.runs, demand.perSecond) : null;
    if (!demand) {
      out.textContent = "Runs at once, or both duration and runs per hour: a number above 0 is expected.";
      return;
    }
    const size = window.sized;
    const far =
      size.runs > cell.concurrency_measured
        ? ` Extrapolated: at most ${Number(cell.concurrency_measured.toFixed(1))} at once were measured.`
        : "";
    out.textContent =
      `${size.runs} runs at once (${demand.why}): ` +
      `${Math.ceil(size.memory_bytes / MIB).toLocaleString("en")} MiB, ` +
      `${size.cpu_cores.toFixed(2)} cores, ${size.grpc_max_workers} gRPC workers.${far}`;
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "runs") form.elements.duration.value = form.elements.per_hour.value = "";
    else if (event.target.name !== "cell") form.elements.runs.value = "";
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
