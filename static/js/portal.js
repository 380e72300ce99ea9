// Small comforts for every page. Everything here has a way without JavaScript.
"use strict";

(function () {
  const live = () => document.getElementById("live");
  document.documentElement.classList.add("js");

  function announce(text) {
    const region = live();
    if (!region) return;
    region.textContent = "";
    window.setTimeout(() => (region.textContent = text), 30);
  }

  // -- copy ---------------------------------------------------------------------------------------------------
  function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "visually-hidden";
    const host = document.querySelector("dialog[open]") || document.body;
    host.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy refused"));
  }

  function copyFrom(button) {
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? source.value || source.textContent : button.dataset.copy;
    copyText(text || "").then(
      () => {
        button.dataset.done = "";
        announce("Copied");
        window.setTimeout(() => delete button.dataset.done, 1600);
      },
      () => announce("The browser did not allow copying; select the text instead"),
    );
  }

  // -- dialogs: data-opens="id" on the link to the page that does the same ----------------------------------------
  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || !dialog.showModal) return false;
    if (!dialog.open) {
      dialog.showModal();
      const field = dialog.querySelector("input:not([type=hidden]), select, textarea");
      if (field) field.focus();
    }
    return true;
  }

  function dismiss(form) {
    const banner = form.closest(".banner");
    fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    if (banner) banner.remove();
    announce("Dismissed");
  }

  function setTheme(form, choice) {
    const body = new FormData(form);
    body.set("theme", choice);
    fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    for (const button of form.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === choice));
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    for (const menu of document.querySelectorAll("details.menu[open], details.narrow-menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const copy = target.closest("[data-copy], [data-copy-from]");
    if (copy) return copyFrom(copy);
    const opener = target.closest("[data-opens]");
    if (opener && !event.ctrlKey && !event.metaKey && openDialog(opener.dataset.opens)) return event.preventDefault();
    const dialog = target.closest("dialog");
    if (dialog && (target === dialog || target.closest("[data-close]"))) {
      event.preventDefault();
      dialog.close();
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if (form.dataset.enhance === "dismiss") {
      event.preventDefault();
      dismiss(form);
    } else if (form.dataset.enhance === "theme" && event.submitter) {
      event.preventDefault();
      setTheme(form, event.submitter.value);
    }
  });

  // Enter in a field that belongs to one button of a form with several: data-enter="id of the button".
  document.addEventListener("keydown", (event) => {
    const field = event.target instanceof Element && event.target.closest("[data-enter]");
    if (event.key !== "Enter" || event.isComposing || !field) return;
    event.preventDefault();
    document.getElementById(field.dataset.enter).click();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open], details.narrow-menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
  });

  // A select or filter form that sends itself, with a visible button for those without JavaScript.
  document.addEventListener("change", (event) => {
    const form = event.target instanceof Element && event.target.closest("form[data-auto-submit]");
    if (form) form.requestSubmit();
  });

  // A choice that needs more said: data-unfolds="id" of the details with the rest of it.
  document.addEventListener("change", (event) => {
    const folded = event.target instanceof HTMLElement && document.getElementById(event.target.dataset.unfolds || "");
    if (folded) folded.open = true;
  });

  function openMarkedDialogs() {
    const marked = document.querySelector("dialog[data-open]");
    if (marked) openDialog(marked.id);
  }

  document.addEventListener("announce", (event) => announce(event.detail));

  // A region with data-announce says its text aloud after htmx has replaced it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const said = event.target.closest && event.target.closest("[data-announce]");
    if (said) announce(said.dataset.announce || said.textContent.trim());
    openMarkedDialogs();
  });
  openMarkedDialogs();

  // -- a form that came back: begin at its first fault, which may be far down the page -------------------------------
  function goToFault() {
    const fault = document.querySelector("main [aria-invalid=true], main .form-faults");
    if (fault) fault.focus();
  }
  goToFault();

  // -- a part of the page that one was led to: what is said stands there, not out of sight at the top ----------------
  function bringMessagesTo(place) {
    const said = document.querySelectorAll(".messages > [role=status]");
    if (!place || !said.length) return;
    const [above, here] = [said[0].parentElement, document.createElement("div")];
    here.className = "messages";
    here.append(...said);
    (place.closest(".card") || place).before(here);
    if (!above.childElementCount) above.remove();
    place.scrollIntoView();
  }
  bringMessagesTo(document.getElementById(location.hash.slice(1)));

  // -- tabs: the current one is in sight where not all fit ---------------------------------------------------------
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const list = tab.closest("ul");
    const [own, all] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
    if (own.right > all.right) list.scrollLeft += own.left - all.left - (all.width - own.width) / 2;
  }
})();
