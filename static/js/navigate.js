// Ways inside API Development without full pages: what a link or a form leads to takes the place of what is shown, and back and
// forward show again what was left, with its fields, answer and scroll. Without this every link loads its page.
"use strict";

(function () {
  const home = document.getElementById("explorer");
  if (!home) return;
  // Pages as they were left stay in memory alone: they may hold health data.
  const MOST_KEPT = 6;
  const kept = new Map(); // key of a history entry → the page that was left there
  const answers = new Map(); // the same key → the answer that was left there, where a link opened the next one in its place
  const scrolls = new Map(); // the same key → how far it was scrolled
  let count = 0;
  let shown = entry(newKey());
  let going = null; // the page that is on its way
  let authorized = null; // the newest Authorize panel: a page that comes back shows it too

  function newKey() {
    count += 1;
    return `${performance.timeOrigin}-${count}`;
  }
  // Entries of the history with the same form share a `page`.
  function entry(key, page) {
    return { key, address: location.pathname + location.search, page: page || key };
  }
  function isOurs(url) {
    return url.origin === location.origin && url.pathname.startsWith(home.dataset.root);
  }

  // -- going --------------------------------------------------------------------------------------------------------
  // `way`: fields (of `form`, to be posted), key (of the entry of the history that is shown again).
  function go(address, way) {
    const url = new URL(address, location.href);
    if (!isOurs(url)) return window.location.assign(url);
    window.htmx.trigger(home, "htmx:abort");
    going = { ...way, url };
    const asked = window.htmx.ajax(going.fields ? "POST" : "GET", url.pathname + url.search, {
      source: home,
      target: home,
      select: "#explorer > *",
      swap: "innerHTML",
      headers: { "HX-Boosted": "true" },
      values: going.fields,
    });
    // What fails is told by events; one that was given up for another is no fault.
    return asked?.catch(() => {});
  }
  function isPage(detail) {
    return detail.requestConfig.headers["HX-Boosted"] === "true";
  }
  // What cannot be swapped is loaded as a whole page: a sign-in, an error, a file.
  function loadWhole(answeredFrom) {
    const { fields, form, url } = going;
    going = null;
    if (fields) form.submit();
    else window.location.assign(answeredFrom || url);
  }
  home.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target !== home || !isPage(event.detail)) return;
    if (!going) {
      event.detail.shouldSwap = false; // another page was come back to meanwhile
      return;
    }
    const { xhr } = event.detail;
    if (!event.detail.shouldSwap || !xhr.responseText.includes('id="explorer"')) {
      event.detail.shouldSwap = false;
      return loadWhole(xhr.status < 400 ? xhr.responseURL : "");
    }
    leave();
    if (going.key) {
      shown = entry(going.key);
      going.hash = location.hash;
      return;
    }
    const came = new URL(xhr.getResponseHeader("HX-Push-Url") || xhr.responseURL || going.url, location.href);
    going.hash = came.hash || going.url.hash;
    enter(came.pathname + came.search, going.hash);
  });
  home.addEventListener("htmx:sendError", (event) => {
    if (event.target === home && isPage(event.detail) && going) loadWhole("");
  });
  home.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === home && going) arrive();
  });

  // A new entry of the browser's history, or the same one for the same address.
  function enter(address, hash, page) {
    const key = newKey();
    const same = address === shown.address;
    history[same ? "replaceState" : "pushState"]({ page: key }, "", address + hash);
    if (same) kept.delete(shown.key);
    shown = entry(key, page);
  }

  // -- leaving and coming back --------------------------------------------------------------------------------------
  function leave() {
    for (const menu of home.querySelectorAll("details.menu[open]")) menu.open = false;
    const focused = home.contains(document.activeElement) ? document.activeElement : null;
    authorized = home.querySelector("#authorize") || authorized;
    scrolls.set(shown.key, window.scrollY);
    const boxes = Array.from(home.querySelectorAll("*")).filter((each) => each.scrollTop || each.scrollLeft);
    const inside = boxes.map((each) => [each, each.scrollTop, each.scrollLeft]);
    const fresh = home.querySelector("[data-fresh]");
    const page = { nodes: Array.from(home.childNodes), title: document.title, focused, inside, page: shown.page };
    home.replaceChildren();
    kept.delete(shown.key);
    if (fresh) return drop(page);
    kept.set(shown.key, page);
    forget(kept).forEach(drop);
  }
  function forget(held) {
    const oldest = Array.from(held.keys()).slice(0, Math.max(0, held.size - MOST_KEPT));
    return oldest.map((key) => {
      const gone = held.get(key);
      held.delete(key);
      return gone;
    });
  }
  // Whoever holds on to parts of the page lets go of them: editors, timers.
  function drop(page) {
    document.dispatchEvent(new CustomEvent("explorer:dropped", { detail: page.nodes }));
  }
  function comeBack(key) {
    const page = kept.get(key);
    leave();
    kept.delete(key);
    home.replaceChildren(...page.nodes);
    document.title = page.title;
    shown = entry(key, page.page);
    bringAuthorized();
    for (const [each, top, left] of page.inside) each.scrollTo(left, top);
    window.scrollTo(0, scrolls.get(key) || 0);
    if (page.focused && page.focused.isConnected) page.focused.focus({ preventScroll: true });
    say(page.title);
  }
  function bringAuthorized() {
    const old = home.querySelector("#authorize");
    if (!old || !authorized || old === authorized || old.textContent === authorized.textContent) return;
    const now = authorized.cloneNode(true);
    old.replaceWith(now);
    window.htmx.process(now);
  }
  window.addEventListener("popstate", (event) => {
    const address = location.pathname + location.search;
    if (address === shown.address && (!event.state || event.state.page === shown.key)) return;
    const key = (event.state && event.state.page) || newKey();
    window.htmx.trigger(home, "htmx:abort");
    going = null;
    if (answers.get(key)?.page === shown.page) turnBack(key);
    else if (kept.has(key)) comeBack(key);
    else go(location.href, { key });
  });
  // A way within the page (#try) is another entry of the same page.
  window.addEventListener("hashchange", () => {
    if (!history.state) history.replaceState({ page: shown.key }, "");
  });

  // -- arriving -------------------------------------------------------------------------------------------------------
  function arrive() {
    const { key, hash } = going;
    going = null;
    const place = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
    const answer = home.querySelector("#answer[data-announce]");
    if (key && scrolls.has(key)) window.scrollTo(0, scrolls.get(key));
    else if (place) place.scrollIntoView();
    else window.scrollTo(0, 0);
    if (answer && !place && answer.getBoundingClientRect().top > window.innerHeight * 0.8) answer.scrollIntoView();
    // A field that asks for the focus has it by now.
    if (!home.contains(document.activeElement)) focus((!place && answer) || place || home.querySelector("h2"));
    // The title has not been set yet.
    window.setTimeout(() => say(answer ? `${document.title}. ${answer.dataset.announce}` : document.title));
  }
  function focus(element) {
    if (!element) return;
    if (!element.matches("a, [tabindex]")) element.setAttribute("tabindex", "-1");
    element.focus({ preventScroll: true });
  }
  function say(text) {
    document.dispatchEvent(new CustomEvent("announce", { detail: text }));
  }

  // -- what leads on ----------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute("download") || !isOurs(link)) return;
    if (link.hash && link.pathname + link.search === shown.address) return; // a place of this page
    event.preventDefault();
    go(link.href);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !home.contains(form) || !isOurs(new URL(form.action))) return;
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    if (form.method === "post") return go(form.action, { fields, form });
    const url = new URL(form.action);
    url.search = new URLSearchParams(fields);
    go(url);
  });
  document.addEventListener("explorer:go", (event) => go(event.detail.url, event.detail));

  // -- an answer that came into its place is an entry of the history too --------------------------------------------------
  home.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.getResponseHeader("HX-Push-Url");
    if (!address || isPage(event.detail) || !event.detail.shouldSwap) return;
    const left = shown;
    scrolls.set(left.key, window.scrollY);
    const link = event.detail.requestConfig.elt.closest("a");
    enter(address, "", link && left.page);
    const old = event.detail.target;
    if (!link || old.id !== "answer" || left.key === shown.key) return;
    for (const each of old.querySelectorAll("[data-left]")) delete each.dataset.left;
    link.dataset.left = "";
    const place = old.cloneNode(false);
    old.replaceWith(place);
    event.detail.target = place;
    setAside(left.key, old);
  });
  function setAside(key, answer) {
    answers.set(key, { answer, page: shown.page });
    forget(answers);
  }
  function turnBack(key) {
    const { answer } = answers.get(key);
    const now = home.querySelector("#answer");
    const left = shown.key;
    answers.delete(key);
    now.replaceWith(answer);
    shown = entry(key, shown.page);
    setAside(left, now);
    window.scrollTo(0, scrolls.get(key) || 0);
    const link = answer.querySelector("[data-left]");
    if (link) focus(link);
    say(answer.dataset.announce);
  }

  // -- the beginning ----------------------------------------------------------------------------------------------------
  history.replaceState({ page: shown.key }, "");
  history.scrollRestoration = "manual";
  // A reload brings the browser's own scroll back.
  window.addEventListener("pagehide", () => (history.scrollRestoration = "auto"));
  document.addEventListener("DOMContentLoaded", () => (window.htmx.config.historyEnabled = false));
})();
