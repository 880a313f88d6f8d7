"use strict";
// Asks once a second what is new of a running experiment, and shows it.
(() => {
  const going = document.getElementById("going");
  const put = (id, text) => {
    const element = document.getElementById(id);
    if (element.textContent !== text) element.textContent = text; // the same text is not read out again
  };

  function show(live) {
    put("live-cell", live.cell);
    put("live-doing", live.doing);
    put("live-count", `${live.done} of ${live.planned || "?"}`);
    put("live-left", live.left);
    const progress = document.getElementById("live-progress");
    progress.max = live.planned || 1;
    progress.value = live.done;
    const bursts = document.getElementById("live-bursts");
    const lines = live.bursts.length ? live.bursts : ["none yet"];
    if ([...bursts.children].map((one) => one.textContent).join("\n") !== lines.join("\n")) {
      bursts.replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
    }
    // What there is no picture of yet takes a new page; what nothing is read of now stays as it was.
    if (live.drawn.some((name) => !document.getElementById(name))) return location.reload();
    live.drawn.forEach((name) => {
      const kept = document.getElementById(`${name}-specification`); // what is drawn anew, and downloaded
      const specification = JSON.parse(kept.textContent);
      specification.datasets[going.dataset.rows] = live.rows;
      kept.textContent = JSON.stringify(specification);
      const made = window.pictures.get(name);
      if (made) made.view.data(going.dataset.rows, live.rows).runAsync();
    });
  }

  function end() {
    going.hidden = true;
    document.getElementById("ended").append(document.getElementById("ended-text").content.cloneNode(true));
  }

  async function ask() {
    try {
      const answer = await fetch(going.dataset.from, { cache: "no-store" });
      const live = answer.ok ? await answer.json() : { ended: answer.status === 404 };
      if (live.ended) return end();
      if (answer.ok) show(live);
    } catch {
      put("live-doing", "the server of this page does not answer; it is asked again");
    }
    setTimeout(ask, 1000);
  }
  setTimeout(ask, 1000);
})();
