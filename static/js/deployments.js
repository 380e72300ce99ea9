// Uploads in parts: progress is shown, and a broken upload goes on where it stopped. Without this the form sends the file whole.
"use strict";

(function () {
  const PART = 4 * 1024 * 1024;

  function remembered(file, form) {
    return `upload ${form.dataset.upload} ${file.name} ${file.size} ${file.lastModified}`;
  }

  async function ask(url, options) {
    const response = await fetch(url, { credentials: "same-origin", ...options });
    if (!response.ok && response.status !== 409) throw new Error(`The server answered ${response.status}.`);
    return response.json();
  }

  // Where an earlier attempt stopped, or a new upload.
  async function begin(form, file, token) {
    const known = localStorage.getItem(remembered(file, form));
    if (known) {
      const there = await fetch(`${form.dataset.upload}${known}/`, { credentials: "same-origin" });
      if (there.ok) return there.json();
    }
    const made = await ask(form.dataset.upload, { method: "POST", headers: { "X-CSRFToken": token } });
    localStorage.setItem(remembered(file, form), made.upload);
    return made;
  }

  async function send(form, file, token, show) {
    let state = await begin(form, file, token);
    while (state.offset < file.size) {
      show(state.offset / file.size);
      state = await ask(`${form.dataset.upload}${state.upload}/`, {
        method: "PATCH",
        headers: { "X-CSRFToken": token, "Upload-Offset": String(state.offset), "Content-Type": "application/octet-stream" },
        body: file.slice(state.offset, state.offset + PART),
      });
    }
    show(1);
    localStorage.removeItem(remembered(file, form));
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
    const bar = form.querySelector("[data-upload-progress]");
    const complaint = form.querySelector("[data-upload-error]");
    const button = form.querySelector("button[type=submit]");
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    button.disabled = true;
    bar.hidden = false;
    complaint.hidden = true;
    try {
      const name = await send(form, file, token, (share) => (bar.value = share));
      hidden(form, "upload", name);
      hidden(form, "filename", file.name);
      input.disabled = true;
      form.submit();
    } catch (error) {
      complaint.textContent = `The upload stopped: ${error.message} Send it again to go on where it stopped.`;
      complaint.hidden = false;
      button.disabled = false;
    }
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
})();
