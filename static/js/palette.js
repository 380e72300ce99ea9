// The palette of API Development (Ctrl-K): resource types, operations and pages by name.
"use strict";

(function () {
  const $ = (selector, root) => root.querySelector(selector);
  const $$ = (selector, root) => Array.from(root.querySelectorAll(selector));

  const palette = document.getElementById("palette");
  let items = [];
  let listed = ""; // where the items came from: another resource type has others
  let chosen = 0;
  async function openPalette() {
    const source = $("[data-palette]", document).dataset.palette;
    if (palette.open) return;
    palette.showModal();
    $("input", palette).value = "";
    if (listed !== source) {
      items = [];
      showMatches();
      const answer = await fetch(source);
      items = (await answer.json()).items;
      listed = source;
    }
    showMatches();
  }
  function open(line) {
    if (!line) return;
    palette.close();
    document.dispatchEvent(new CustomEvent("explorer:go", { detail: { url: line.dataset.url } }));
  }
  function matches(words) {
    const found = items.filter((item) => words.every((word) => `${item.label} ${item.hint}`.toLowerCase().includes(word)));
    const first = words[0] || "";
    return found.sort((a, b) => b.label.toLowerCase().startsWith(first) - a.label.toLowerCase().startsWith(first)).slice(0, 12);
  }
  function showMatches() {
    const input = $("input", palette);
    const list = $("ul", palette);
    const found = matches(input.value.trim().toLowerCase().split(/\s+/).filter(Boolean));
    chosen = 0;
    list.replaceChildren(
      ...found.map((item, index) => {
        const line = document.createElement("li");
        line.id = `palette-${index}`;
        line.setAttribute("role", "option");
        line.dataset.url = item.url;
        const label = document.createElement("span");
        label.textContent = item.label;
        const hint = document.createElement("span");
        hint.className = "muted small";
        hint.textContent = item.hint;
        line.append(label, hint);
        return line;
      }),
    );
    choose(0);
  }
  function choose(index) {
    const lines = $$("li", palette);
    chosen = lines.length ? (index + lines.length) % lines.length : 0;
    lines.forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
    $("input", palette).setAttribute("aria-activedescendant", lines.length ? `palette-${chosen}` : "");
    if (lines[chosen]) lines[chosen].scrollIntoView({ block: "nearest" });
  }
  palette.addEventListener("input", showMatches);
  palette.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      open($$("li", palette)[chosen]);
    }
  });
  palette.addEventListener("click", (event) => {
    open(event.target.closest("li"));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("[data-palette-open]")) openPalette();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    }
  });
})();
