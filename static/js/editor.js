// The editor of request bodies: Ace over a textarea that works alone. It is loaded when a body is first shown.
"use strict";

(function () {
  const editors = new WeakMap(); // textarea → Ace editor
  const PAUSE = 500;
  let loading = null;

  // -- loading -------------------------------------------------------------------------------------------------------
  function load(area) {
    loading = loading || Promise.all([style(area.dataset.editorStyle), ...area.dataset.editorScripts.split(" ").map(script)]);
    return loading;
  }
  function isXml(area) {
    return area.value.trimStart()[0] === "<";
  }
  function script(address) {
    return added(Object.assign(document.createElement("script"), { src: address, async: false }));
  }
  function style(address) {
    return added(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
  }
  function added(element) {
    return new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", reject);
      document.head.append(element);
    });
  }

  // -- one editor ----------------------------------------------------------------------------------------------------
  async function enhance(area) {
    if (editors.has(area)) return;
    editors.set(area, null);
    try {
      await load(area);
      if (isXml(area)) await script(area.dataset.editorXml);
    } catch {
      return; // the textarea stays
    }
    if (!area.isConnected) return;
    const box = document.createElement("div");
    box.className = "editor-box";
    area.after(box);
    const hadFocus = document.activeElement === area;
    window.ace.config.set("useStrictCSP", true);
    const editor = window.ace.edit(box, {
      value: area.value,
      mode: isXml(area) ? "ace/mode/xml" : "ace/mode/json",
      theme: { cssClass: "ace-fireside", isDark: false, cssText: "" },
      useWorker: false,
      tabSize: 2,
      useSoftTabs: true,
      showPrintMargin: false,
      enableKeyboardAccessibility: true,
      textInputAriaLabel: "Body",
      enableBasicAutocompletion: [completer(area)],
      enableLiveAutocompletion: true,
      fontFamily: getComputedStyle(area).fontFamily,
      fontSize: parseFloat(getComputedStyle(area).fontSize),
    });
    for (const key of ["Ctrl-K", "Command-K", "Ctrl-,", "Command-,", "Ctrl-L"]) editor.commands.bindKey(key, null);
    editors.set(area, editor);
    area.hidden = true;
    // What follows indents JSON alone.
    area.closest(".op-bodyfield").querySelector("[data-editor-format]").hidden = isXml(area);
    editor.session.on("change", () => {
      area.value = editor.getValue();
      soon(area);
    });
    area.addEventListener("editor:changed", () => editor.setValue(area.value, -1));
    const label = document.querySelector(`label[for="${CSS.escape(area.id)}"]`);
    if (label) label.addEventListener("click", () => editor.focus());
    new ResizeObserver(() => editor.resize()).observe(box);
    if (hadFocus) editor.focus();
    check(area);
  }

  // -- problems, marked at their place -------------------------------------------------------------------------------
  const waiting = new WeakMap();
  function soon(area) {
    window.clearTimeout(waiting.get(area));
    waiting.set(area, window.setTimeout(() => check(area), PAUSE));
  }
  async function check(area) {
    if (!area.isConnected) return;
    const text = area.value;
    const answer = await ask(area, area.dataset.editorProblems, { text });
    if (answer && area.value === text) show(area, answer.problems);
  }
  function show(area, problems) {
    const editor = editors.get(area);
    area.toggleAttribute("aria-invalid", problems.some((one) => one.error));
    if (editor) {
      editor.session.setAnnotations(
        problems.map((one) => ({ row: Math.max(0, one.line - 1), column: 0, text: one.message, type: one.error ? "error" : "warning" })),
      );
    }
    const field = area.closest(".op-bodyfield");
    field.querySelector("[data-editor-state]").textContent = told(area.value, problems);
    field.querySelector("[data-editor-list]").replaceChildren(...problems.slice(0, 8).map((one) => line(area, one)));
  }
  function told(text, problems) {
    if (problems.length) return problems.length === 1 ? "One problem" : `${problems.length} problems`;
    return text.trim() ? "Valid" : "";
  }
  function line(area, problem) {
    const item = document.createElement("li");
    item.className = problem.error ? "problem-bad" : "problem-warn";
    const place = document.createElement("a");
    place.href = `#${area.id}`;
    place.dataset.line = problem.line;
    place.textContent = `Line ${problem.line}`;
    item.append(place, ` ${problem.message}`);
    return item;
  }
  async function ask(area, address, fields) {
    const form = area.closest("form");
    const body = new URLSearchParams({ ...fields, type: area.dataset.editorType });
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token ? token.value : "" } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  // -- completion: elements and codes --------------------------------------------------------------------------------
  function completer(area) {
    return {
      identifierRegexps: [/[A-Za-z0-9_.$\-/]/],
      async getCompletions(editor, session, position, prefix, callback) {
        const offset = session.doc.positionToIndex(position);
        const answer = await ask(area, area.dataset.editorComplete, { text: session.getValue().slice(0, offset) });
        const now = editor.getCursorPosition();
        const since = now.row === position.row ? session.getLine(now.row).slice(position.column, now.column) : ":";
        const items = answer && /^[\w.$/-]*$/.test(since) ? answer.items : [];
        callback(null, items.map((item, index) => ({
          caption: item.text,
          value: written(item, answer),
          meta: item.kind,
          docText: item.about,
          score: 1000 - index,
        })));
      },
    };
  }
  function written(item, answer) {
    if (answer.quoted || item.kind === "boolean") return item.text;
    return answer.wants === "key" ? `"${item.text}": ` : `"${item.text}"`;
  }

  // -- formatting: indents without parsing numbers, so 1.50 stays 1.50 -----------------------------------------------
  function indent(text) {
    let out = "";
    let depth = 0;
    const pieces = text.match(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
    pieces.forEach((piece, index) => {
      if (piece === "{" || piece === "[") {
        const empty = pieces[index + 1] === (piece === "{" ? "}" : "]");
        depth += 1;
        out += piece + (empty ? "" : "\n" + "  ".repeat(depth));
      } else if (piece === "}" || piece === "]") {
        depth -= 1;
        const empty = pieces[index - 1] === (piece === "}" ? "{" : "[");
        out += (empty ? "" : "\n" + "  ".repeat(Math.max(0, depth))) + piece;
      } else if (piece === ",") out += ",\n" + "  ".repeat(depth);
      else out += piece === ":" ? ": " : piece;
    });
    return out;
  }

  // -- the page ------------------------------------------------------------------------------------------------------
  function areaOf(element) {
    return element.closest(".op-bodyfield")?.querySelector("[data-editor]");
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-editor]")) soon(event.target);
  });
  document.addEventListener("click", (event) => {
    const format = event.target.closest?.("[data-editor-format]");
    if (format) {
      const area = areaOf(format);
      if (isXml(area)) return;
      area.value = indent(area.value);
      area.dispatchEvent(new Event("editor:changed"));
      soon(area);
    }
    const place = event.target.closest?.("a[data-line]");
    const area = place && document.getElementById(place.hash.slice(1));
    const editor = area && editors.get(area);
    if (editor) {
      event.preventDefault();
      editor.gotoLine(Number(place.dataset.line), 0, false);
      editor.focus();
      editor.container.scrollIntoView({ block: "nearest" });
    }
  });
  // What the server said of the body stands at its place too, until the body is changed.
  function markAnswer(root) {
    const places = Array.from(root.querySelectorAll("a[data-line][data-message]"));
    const area = places.length && document.getElementById(places[0].hash.slice(1));
    if (area) {
      show(area, places.map((one) => ({ line: Number(one.dataset.line), message: one.dataset.message, error: one.dataset.error === "1" })));
    }
  }
  function enhanceAll() {
    for (const area of document.querySelectorAll("textarea[data-editor]")) enhance(area);
  }
  // A page that nobody can come back to: the editor's timers and observers would keep it in memory.
  document.addEventListener("explorer:dropped", (event) => {
    for (const node of event.detail) {
      for (const area of node.querySelectorAll?.("textarea[data-editor]") || []) editors.get(area)?.destroy();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    enhanceAll();
    if (event.target.id === "answer") markAnswer(event.target);
  });
  enhanceAll();
})();
