"use strict";
// Filters and sorts the task table and keeps the choice in the address. The page is complete without it.
(() => {
  const table = document.getElementById("tasks");
  const filters = document.getElementById("filters");
  if (!table || !filters || !table.tBodies.length) return;
  const bodies = [...table.tBodies];
  const outcome = document.getElementById("by-outcome");
  const group = document.getElementById("by-class");
  const text = document.getElementById("by-text");
  const shown = document.getElementById("shown");
  const id = (body) => body.rows[0].cells[0].dataset.value;

  function filter() {
    const wanted = text.value.toLowerCase();
    let count = 0;
    for (const body of bodies) {
      const fits =
        (!outcome.value || body.dataset.outcome === outcome.value) &&
        (!group.value || body.dataset.class === group.value) &&
        (!wanted || id(body).toLowerCase().includes(wanted));
      body.hidden = !fits;
      count += fits ? 1 : 0;
    }
    shown.textContent = count + " of " + bodies.length + " tasks";
  }

  function remember() {
    const state = new URLSearchParams();
    if (outcome.value) state.set("result", outcome.value);
    if (group.value) state.set("class", group.value);
    if (text.value) state.set("find", text.value);
    history.replaceState(null, "", "#" + state);
  }

  function recall() {
    const hash = location.hash.slice(1);
    const body = hash.startsWith("task-") ? document.getElementById(hash) : null;
    if (body) {
      body.querySelector("details")?.setAttribute("open", "");
      body.scrollIntoView();
      return;
    }
    const state = new URLSearchParams(hash);
    outcome.value = state.get("result") ?? "";
    group.value = state.get("class") ?? "";
    text.value = state.get("find") ?? "";
  }

  function sort(button) {
    const head = button.parentElement;
    const column = head.cellIndex;
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const cell of table.tHead.rows[0].cells) cell.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const value = (body) => body.rows[0].cells[column].dataset.value;
    const numeric = column >= 2;
    bodies.sort((one, other) => {
      const [x, y] = [value(one), value(other)];
      if (numeric && (x === "" || y === "")) return (x === "") - (y === "");
      return sign * (numeric ? x - y : x.localeCompare(y));
    });
    table.append(...bodies);
  }

  for (const input of [outcome, group, text])
    input.addEventListener("input", () => {
      filter();
      remember();
    });
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button);
  });
  window.addEventListener("hashchange", () => {
    recall();
    filter();
  });
  window.addEventListener("beforeprint", () => {
    for (const body of bodies)
      if (body.dataset.outcome === "loss") body.querySelector("details")?.setAttribute("open", "");
  });
  filters.hidden = false;
  recall();
  filter();
})();
