"use strict";
// A choice is shown at once; what cannot be compared cannot be asked for.
(() => {
  const filters = document.getElementById("filters");
  filters.addEventListener("change", () => filters.requestSubmit());
  const comparing = document.getElementById("comparing");
  if (!comparing) return;
  const button = document.getElementById("compare");
  const count = () => {
    const ticked = comparing.querySelectorAll("input:checked");
    const matrix = [...ticked].some((one) => one.dataset.kind === "matrix");
    button.disabled = ticked.length < (matrix ? 1 : 2);
  };
  comparing.addEventListener("change", count);
  window.addEventListener("pageshow", count); // a browser that goes back keeps the ticks
  count();
})();
