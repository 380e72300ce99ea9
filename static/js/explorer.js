// API Development. Every feature here has a way without JavaScript; this makes it quick.
"use strict";

(function () {
  const $ = (selector, root) => (root || document).querySelector(selector);
  const $$ = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // -- schema tree: the first click loads (htmx), later ones fold -------------------------------------------------
  document.addEventListener("click", (event) => {
    const open = event.target.closest && event.target.closest(".sch-open");
    if (!open || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const kids = open.closest(".sch-row").querySelector(":scope > .sch-kids");
    const shown = open.getAttribute("aria-expanded") === "true";
    open.setAttribute("aria-expanded", String(!shown));
    if (kids) kids.hidden = shown;
  });

  // -- filters: type-ahead over a grouped list --------------------------------------------------------------------
  function filter(input) {
    const list = document.getElementById(input.dataset.filters);
    if (!list) return;
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const group of $$("[data-filter-group]", list)) {
      let left = 0;
      for (const item of $$("[data-filter-text]", group)) {
        const text = item.dataset.filterText.toLowerCase();
        const shown = words.every((word) => text.includes(word));
        item.hidden = !shown;
        if (shown) left += 1;
      }
      group.hidden = left === 0;
      count += left;
    }
    const told = $("[data-filter-count]", input.closest(".ex-filter"));
    if (told) told.textContent = words.length ? `${count} found; Enter opens ${count ? "the first" : "nothing"}` : "";
  }
  function firstLink(input) {
    const words = input.value.trim().toLowerCase();
    const links = $$(`#${input.dataset.filters} section:not([hidden]) li:not([hidden]) :is(a, button)`);
    return links.find((link) => link.textContent.toLowerCase().startsWith(words)) || links[0];
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filters]")) filter(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-filters]")) {
      event.preventDefault();
      const link = event.target.value.trim() && firstLink(event.target);
      if (link) link.click();
    }
  });
  document.addEventListener("toggle", (event) => {
    const input = event.target.open && event.target.matches(".ex-chooser") && $("[data-filters]", event.target);
    if (input) input.focus();
  }, true);

  // -- another value of the same parameter (AND) ---------------------------------------------------------------------
  function addAnother(button) {
    const row = button.closest("[data-criterion]");
    const copy = row.cloneNode(true);
    const count = $$("[data-criterion]", row.parentNode).length;
    const join = $(".crit-join", copy);
    for (const input of $$("input", copy)) {
      const label = $(`label[for="${CSS.escape(input.id)}"]`, copy);
      input.id = `${input.id}-and-${count}`;
      input.value = "";
      if (label) label.htmlFor = input.id;
    }
    if (join) Object.assign(join, { hidden: false, value: "or" });
    for (const datalist of $$("datalist", copy)) datalist.remove();
    row.after(copy);
    (join || $("input", copy)).focus();
  }
  function offerAnother(root) {
    const template = $("#and-button");
    if (!template) return;
    for (const fields of $$("[data-criterion] .crit-fields", root)) {
      if ($(".crit-and", fields)) continue;
      const button = template.content.firstElementChild.cloneNode(true);
      button.setAttribute("aria-label", `Another value of ${fields.parentElement.dataset.criterion} (${$(".crit-join", fields) ? "and, or" : "and"})`);
      fields.append(button);
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".crit-and");
    if (button) addAnother(button);
  });

  // -- the query under the form: edited or pasted, it fills the form when it is left or Enter is pressed ------------
  let filled = "";
  const isQuery = (text) => /^[?\s]*($|[\w:.-]+=)/.test(text);
  // A URL or a curl command may be of another resource type, and have a body.
  function openPasted(query) {
    if (query.dataset.opened === query.value) return; // a field that leaves the page says again that it was changed
    query.dataset.opened = query.value;
    const form = $(".ex-paste form");
    const fields = new FormData(form);
    fields.set("request", query.value);
    document.dispatchEvent(new CustomEvent("explorer:go", { detail: { url: form.action, fields, form } }));
  }
  const queryOf = (event) => event.target.closest && event.target.closest(".op-query textarea");
  document.addEventListener("input", (event) => {
    // The line that holds the query is made anew when a field changes: not while somebody writes in it.
    if (queryOf(event)) event.stopPropagation();
  }, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const line = event.target;
    if (line.matches(".op-line") && line.contains(document.activeElement)) event.detail.shouldSwap = false;
  });
  document.addEventListener("change", (event) => {
    const query = queryOf(event);
    if (!query) return;
    event.stopPropagation();
    if (!isQuery(query.value)) return openPasted(query);
    filled = document.activeElement === query ? query.id : "";
    query.parentElement.dispatchEvent(new CustomEvent("fill"));
  }, true);
  document.addEventListener("keydown", (event) => {
    const query = event.key === "Enter" && !event.ctrlKey && !event.metaKey && queryOf(event);
    if (!query) return;
    event.preventDefault();
    query.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // -- Ctrl-Enter executes --------------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest && event.target.closest("[data-op-form]");
      const run = form && $('button[name=".run"]', form);
      if (run) {
        event.preventDefault();
        // A click, as Enter does it: htmx sends the name of the button that was clicked.
        run.click();
      }
    }
  });

  // -- downloads of what only the page holds ------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-download-from]");
    if (!button) return;
    const text = document.getElementById(button.dataset.downloadFrom).textContent;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
    link.download = button.dataset.downloadName;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // -- a link in an answer opens as the next request where it is, if it is of this page ------------------------------
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("#answer :is(.seg-table, .seg-tree) a[href]:not([hx-get])");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.pathname !== location.pathname || !link.search.includes(".run=1")) return;
    event.preventDefault();
    window.htmx.ajax("GET", link.pathname + link.search, { source: link, target: "#answer", swap: "outerHTML" });
  });

  // -- after htmx: what arrived is prepared, and a narrow screen sees it --------------------------------------------
  document.addEventListener("htmx:afterSettle", (event) => {
    offerAnother(document);
    const query = filled && document.getElementById(filled);
    if (query && event.target.contains(query)) {
      filled = "";
      query.focus();
    }
    const chooser = event.target.closest && event.target.closest(".ex-chooser[open]");
    if (chooser && $("[data-filters]", chooser)) $("[data-filters]", chooser).focus();
    const answer = event.target.id === "answer" ? event.target : null;
    if (!answer) return;
    // The link that opened it went with the answer before.
    if (document.activeElement === document.body) answer.focus({ preventScroll: true });
    answer.parentElement.scrollTop = 0;
    if (answer.getBoundingClientRect().top > window.innerHeight * 0.8) answer.scrollIntoView({ block: "start" });
  });
  offerAnother(document);
})();
