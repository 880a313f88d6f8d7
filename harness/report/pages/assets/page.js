"use strict";
// Draws the pictures as they come near, in the page's colours, and lets their data be downloaded.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const themes = read("themes");
  const drawn = new Map();
  window.pictures = drawn; // by name: what Vega made of each

  async function draw(chart) {
    const name = chart.dataset.picture;
    const before = drawn.get(name);
    drawn.set(name, null);
    if (before) before.finalize();
    const made = await vegaEmbed(chart, read(`${name}-specification`), {
      mode: "vega-lite",
      renderer: "svg",
      actions: false,
      ast: true, // an interpreter instead of eval, which the page forbids itself
      config: isDark() ? themes.dark : themes.light,
    });
    drawn.set(name, made);
  }

  const charts = [...document.querySelectorAll("[data-picture]")];
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        if (!drawn.has(entry.target.dataset.picture)) draw(entry.target);
      }
    },
    { rootMargin: "800px" },
  );
  charts.forEach((chart) => near.observe(chart));
  const drawAll = () =>
    Promise.all(charts.filter((chart) => !drawn.has(chart.dataset.picture)).map(draw));
  window.drawAll = drawAll;

  // A browser that prints does not wait for pictures: they are drawn before anybody can ask for it, and made as
  // wide as the paper at once. Scaled down, their words would be too small to read.
  const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 500));
  window.addEventListener("load", () => idle(drawAll));
  const paper = (chart) => (chart.closest(".panels, .sides") ? 320 : 670);
  const folded = [];
  window.addEventListener("beforeprint", () => {
    for (const chart of charts) {
      const made = drawn.get(chart.dataset.picture);
      if (made && chart.clientWidth) made.view.signal("width", paper(chart)).run();
    }
    for (const part of document.querySelectorAll("details:not([open])")) {
      folded.push(part);
      part.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    folded.splice(0).forEach((part) => (part.open = false));
    window.dispatchEvent(new Event("resize"));
  });

  const redraw = () => charts.filter((chart) => drawn.has(chart.dataset.picture)).forEach(draw);
  prefersDark.addEventListener("change", () => root.dataset.theme || redraw());
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    redraw();
  });

  // What a spreadsheet would read as a formula is kept as text.
  const field = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = String(value);
    return `"${(/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  };
  function csv(rows) {
    const names = [...new Set(rows.flatMap(Object.keys))];
    const lines = rows.map((row) => names.map((name) => field(row[name])).join(","));
    return [names.map(field).join(","), ...lines].join("\r\n") + "\r\n";
  }
  document.querySelectorAll("[data-download]").forEach((button) => {
    button.addEventListener("click", () => {
      const name = button.dataset.download;
      const tables = Object.values(read(`${name}-specification`).datasets ?? {});
      tables.sort((one, other) => other.length - one.length); // what is drawn before what marks it
      tables.forEach((rows, index) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([csv(rows)], { type: "text/csv" }));
        link.download = index ? `${name}-${index + 1}.csv` : `${name}.csv`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      });
    });
  });
})();
