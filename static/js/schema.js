// The element under the pointer, or with the focus, is found in the example, and the other way round.
"use strict";

(function () {
  const tree = () => document.querySelector("#schema .schema");
  const box = () => document.querySelector("#schema .jt-example");

  // A row's place in the resource is told by the rows around it: HumanName.given below Patient.name is Patient.name.given.
  const nameOf = (row) => row.dataset.element.split(".").pop();
  const fits = (row, name) =>
    nameOf(row) === name || ("choice" in row.dataset && name.startsWith(nameOf(row)) && /^[A-Z]/.test(name.slice(nameOf(row).length)));
  const above = (row) => row.parentElement.closest("#schema .sch-row");

  function chainOf(row) {
    const chain = [];
    for (let each = row; each; each = above(each)) chain.unshift(each);
    return chain;
  }
  function linesOf(row) {
    const chain = chainOf(row);
    return Array.from(box()?.querySelectorAll("[data-element]") || []).filter((line) => {
      const names = line.dataset.element.split(".").slice(1);
      return names.length === chain.length && names.every((name, index) => fits(chain[index], name));
    });
  }
  // The row of an element, or the nearest above it that is loaded, with the names that are left to go.
  function rowOf(path) {
    let rest = path.split(".").slice(1);
    let row = null;
    let level = tree().querySelector(":scope > .sch");
    while (rest.length && level) {
      const next = Array.from(level.children).find((each) => fits(each, rest[0]));
      if (!next) break;
      row = next;
      rest = rest.slice(1);
      level = row.querySelector(":scope > .sch-kids > .sch");
    }
    return { row, rest };
  }

  // -- marking -------------------------------------------------------------------------------------------------------
  let marked = [];
  function mark(elements) {
    for (const each of marked) each.classList.remove("pointed");
    marked = elements;
    for (const each of marked) each.classList.add("pointed");
  }
  function markRow(row) {
    const lines = linesOf(row);
    mark([row, ...lines]);
    if (lines.length) bringIntoBox(lines[0]);
  }
  function markLine(line) {
    const { row } = rowOf(line.dataset.element);
    const same = box().querySelectorAll(`[data-element="${CSS.escape(line.dataset.element)}"]`);
    mark(row ? [row, ...same] : []);
  }
  // Only the example's own box is scrolled: a page that moves under the pointer is a nuisance.
  function bringIntoBox(line) {
    const shown = line.checkVisibility() ? line : line.closest("details:not([open])") || line;
    const around = box().getBoundingClientRect();
    const at = shown.getBoundingClientRect();
    if (at.top < around.top || at.top > around.bottom - 24) box().scrollTop += at.top - around.top - 40;
  }

  function point(target) {
    const line = target.closest?.(".jt-example [data-element]");
    if (line) return markLine(line);
    const row = target.closest?.("#schema .sch-row");
    if (row) return markRow(row);
    return mark([]);
  }
  // Where the page moves under a pointer that rests, the mark stays with what was clicked or has the focus.
  let rested = "";
  document.addEventListener("pointerover", (event) => {
    const place = `${event.screenX} ${event.screenY}`;
    if (place !== rested) point(event.target);
    rested = place;
  });
  document.addEventListener("focusin", (event) => point(event.target));

  // -- a click on a line goes to its row, and opens what lies above it ---------------------------------------------------
  let sought = "";
  function reach(path) {
    const { row, rest } = rowOf(path);
    sought = "";
    if (!row) return;
    const open = row.querySelector(":scope > .sch-cells .sch-open");
    if (rest.length && open && open.getAttribute("aria-expanded") === "false") {
      const loaded = row.querySelector(":scope > .sch-kids > .sch");
      sought = loaded ? "" : path;
      open.click();
      if (loaded) return reach(path);
    }
    for (const each of chainOf(row).slice(0, -1)) {
      const folded = each.querySelector(':scope > .sch-cells .sch-open[aria-expanded="false"]');
      if (folded) folded.click();
    }
    row.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("click", (event) => {
    const line = event.target.closest?.(".jt-example [data-element]");
    if (!line || event.target.closest("a, summary")) return;
    reach(line.dataset.element);
    markLine(line);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!sought || !event.target.closest?.("#schema")) return;
    const path = sought;
    reach(path);
    const line = box().querySelector(`[data-element="${CSS.escape(path)}"]`);
    if (line) markLine(line);
  });
})();
