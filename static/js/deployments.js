// Uploads in parts: a file is dropped or chosen, progress is shown, a connection that breaks is tried again, and what broke off
// goes on where it stopped. Without this the form sends the file whole.
"use strict";

(function () {
  const PART = 4 * 1024 * 1024;
  const TRIES = 12;
  const LONGEST_WAIT = 30; // seconds; all waits together are about four minutes
  const MEGABYTE = 1_000_000;

  function place(form) {
    return `upload ${form.dataset.upload} `;
  }

  function remembered(form, file) {
    return `${place(form)}${file.name} ${file.size} ${file.lastModified}`;
  }

  function say(form, name, text) {
    const element = form.querySelector(`[data-upload-${name}]`);
    element.textContent = text;
    element.hidden = !text;
  }

  function amount(done, size) {
    const megabytes = (bytes) => (bytes / MEGABYTE).toLocaleString("en", { maximumFractionDigits: size < 10 * MEGABYTE ? 1 : 0 });
    return `${megabytes(done)} of ${megabytes(size)} MB, ${Math.floor((100 * done) / Math.max(size, 1))} %`;
  }

  class Refused extends Error {}

  async function ask(url, options) {
    const response = await fetch(url, { credentials: "same-origin", ...options }).catch((fault) => {
      throw options.signal.aborted ? fault : new Error("The connection to Fireside broke.");
    });
    if (response.redirected) throw new Refused("You are signed out: sign in in another tab, then reload this page.");
    if (response.status === 403) throw new Refused("You signed in anew, or may no longer write here: reload this page.");
    if (response.status >= 400 && response.status < 500 && response.status !== 409) {
      throw new Refused(`The server answered ${response.status}.`);
    }
    if (response.status >= 500) throw new Error(`The server could not take it (${response.status}).`);
    return response.json();
  }

  // How much of an upload is there; nothing when the server knows it no more, or loads it already.
  async function received(form, name) {
    const response = await fetch(`${form.dataset.upload}${name}/`, { credentials: "same-origin" });
    const there = response.ok && !response.redirected ? await response.json() : null;
    return there && !there.taken ? there : null;
  }

  // Says when it goes on, and waits until then, until the network is back, or until somebody asks for it or for a pause.
  async function wait(form, attempt, why, signal) {
    const seconds = Math.min(2 ** (attempt - 2), LONGEST_WAIT);
    const end = performance.now() + 1000 * seconds;
    const now = form.querySelector("[data-upload-now]");
    const waited = new AbortController();
    const words = (left) => `${why} Trying again in ${left} s (attempt ${attempt} of ${TRIES}).`;
    document.dispatchEvent(new CustomEvent("announce", { detail: words(seconds) }));
    now.hidden = false;
    await new Promise((resolve) => {
      const tick = () => {
        if (waited.signal.aborted) return;
        const left = Math.ceil((end - performance.now()) / 1000);
        if (left <= 0) return resolve();
        say(form, "trouble", words(left));
        window.setTimeout(tick, 250);
      };
      now.addEventListener("click", resolve, { signal: waited.signal });
      window.addEventListener("online", resolve, { signal: waited.signal });
      signal.addEventListener("abort", resolve, { signal: waited.signal });
      tick();
    });
    waited.abort();
    now.hidden = true;
    say(form, "trouble", signal.aborted ? "" : `${why} Trying again now (attempt ${attempt} of ${TRIES}).`);
  }

  // Asks until there is an answer; a refusal is one.
  async function persist(form, signal, request) {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await request(attempt > 1);
        say(form, "trouble", "");
        return answer;
      } catch (error) {
        if (signal.aborted || error instanceof Refused || attempt === TRIES) throw error;
        await wait(form, attempt + 1, error.message, signal);
      }
    }
  }

  async function begin(form, file, token, signal) {
    const known = localStorage.getItem(remembered(form, file));
    const there = known && (await received(form, known).catch(() => null));
    if (there) return there;
    const made = await ask(form.dataset.upload, { method: "POST", headers: { "X-CSRFToken": token }, signal });
    localStorage.setItem(remembered(form, file), made.upload);
    return made;
  }

  // One part: the answer says where the next one begins. What broke off is asked for first: a server that refuses a long body may close
  // the connection, which looks like one that broke, and it may have kept some of the part.
  async function sendPart(form, file, token, state, signal, again) {
    const url = `${form.dataset.upload}${state.upload}/`;
    const from = again ? await ask(url, { signal }) : state;
    if (from.offset > state.offset) return from;
    return ask(url, {
      method: "PATCH",
      headers: { "X-CSRFToken": token, "Upload-Offset": String(from.offset), "Content-Type": "application/octet-stream" },
      body: file.slice(from.offset, from.offset + PART),
      signal,
    });
  }

  // What is sent stays remembered until the server has begun to load it: the form that asks for that may not arrive.
  async function send(form, file, token, show, signal) {
    let state = await persist(form, signal, () => begin(form, file, token, signal));
    while (state.offset < file.size) {
      show(state.offset);
      const from = state;
      state = await persist(form, signal, (again) => sendPart(form, file, token, from, signal, again));
    }
    show(file.size);
    return state.upload;
  }

  function hidden(form, name, value) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }

  async function upload(form, input, file) {
    const button = form.querySelector("button[type=submit]");
    const pause = form.querySelector("[data-upload-pause]");
    const running = form.querySelector("[data-upload-running]");
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    pause.addEventListener("click", stop);
    button.disabled = true;
    running.hidden = false;
    say(form, "error", "");
    say(form, "earlier", "");
    const show = (done) => {
      form.querySelector("[data-upload-progress]").value = done / Math.max(file.size, 1);
      say(form, "words", amount(done, file.size));
    };
    try {
      const name = await send(form, file, token, show, stopping.signal);
      hidden(form, "upload", name);
      hidden(form, "filename", file.name);
      input.disabled = true;
      form.submit();
    } catch (error) {
      const why = stopping.signal.aborted ? "The upload is paused." : `The upload stopped: ${error.message}`;
      say(form, "trouble", "");
      say(form, "error", `${why} Send the file again, now or within a day, and it goes on where it stopped.`);
      running.hidden = true;
      button.disabled = false;
      button.focus();
    } finally {
      pause.removeEventListener("click", stop);
    }
  }

  // What broke off in an earlier visit: the page cannot open the file again, so it asks for it.
  async function recall(form) {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(place(form))) continue;
      const [, name, size] = key.slice(place(form).length).match(/^(.*) (\d+) \d+$/) || [];
      const there = name && (await received(form, localStorage.getItem(key)));
      if (there && there.offset > 0) {
        say(form, "earlier", `${name} came in part: ${amount(there.offset, Number(size))}. Choose it again to go on from there.`);
      } else if (!there) {
        localStorage.removeItem(key);
      }
    }
  }

  function takeDrops(form) {
    const zone = form.querySelector("[data-drop]");
    const input = form.querySelector("input[type=file]");
    form.querySelector("[data-drop-words]").hidden = false;
    const hasFiles = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
    for (const type of ["dragover", "drop"]) {
      // A file that lands beside the zone must not replace the page.
      document.addEventListener(type, (event) => hasFiles(event) && event.preventDefault());
    }
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      const { files } = event.dataTransfer;
      say(form, "error", files.length === 1 ? "" : "Drop one file at a time: NDJSON, a Bundle, or either compressed with gzip.");
      if (files.length === 1) input.files = files;
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.upload) return;
    const input = form.querySelector("input[type=file]");
    const file = input && input.files[0];
    if (!file) return;
    event.preventDefault();
    upload(form, input, file);
  });

  for (const form of document.querySelectorAll("form[data-upload]")) {
    takeDrops(form);
    recall(form);
  }
})();
