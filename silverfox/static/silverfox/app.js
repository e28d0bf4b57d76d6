// Progressive enhancement: every page works without this file.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const shown = (selector, root) => all(selector, root).find((node) => node.checkVisibility());
const on = (name, act, capture) => document.addEventListener(name, act, capture);
const fill = (name, text) => {
  const node = find(`#${name}-template`).content.firstElementChild.cloneNode(true);
  find("[data-text]", node).textContent = text;
  return node;
};

// ---- what is said to the person
const say = (text) => find("#toasts").append(fill("toast", text));
const alertOf = (text) => find("#alerts").replaceChildren(fill("alert", text));

// ---- one press, one request
const GERUND_MS = 300;
const busy = new Map();

const start = (scope, button) => {
  const content = [...(button?.childNodes ?? [])];
  const timer = setTimeout(() => button?.dataset.busy && (button.textContent = button.dataset.busy), GERUND_MS);
  button?.setAttribute("aria-disabled", "true");
  busy.set(scope, () => {
    clearTimeout(timer);
    button?.removeAttribute("aria-disabled");
    button?.replaceChildren(...content);
  });
};

const stop = (scope) => {
  busy.get(scope)?.();
  busy.delete(scope);
};

// Before htmx sees them: a second press or submit goes nowhere, neither now nor queued.
for (const name of ["submit", "click"])
  on(name, (event) => {
    if (!busy.has(event.target) && !event.target.closest('[aria-disabled="true"]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

on("submit", (event) => {
  const { submitter, target: form } = event;
  // A dialog's Cancel closes it and sends nothing.
  if (event.defaultPrevented || (submitter?.formMethod || form.method) !== "post") return;
  start(form, submitter);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) [...busy.keys()].forEach(stop);
});

// ---- htmx
const misses = new Map();
const MISSES_ALLOWED = 3;
let repeat;

const isPolling = (node) => node.hasAttribute("data-poll");

on("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  if (isPolling(elt) && document.hidden) event.preventDefault();
  if (requestConfig.verb !== "get") start(elt, requestConfig.triggeringEvent?.submitter ?? elt.closest("button"));
});

on("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  stop(elt);
  if (successful) misses.delete(elt.id);
});

const failed = (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  const dialog = find("#sign-in");
  if (xhr.status === 401 && dialog) {
    // The session has ended: the page stays, and what was refused is sent again after the password.
    const submitter = requestConfig.triggeringEvent?.submitter;
    const again = () => (elt.requestSubmit ? elt.requestSubmit(submitter) : elt.click());
    if (requestConfig.verb !== "get" || !(repeat || isPolling(elt))) repeat = again;
    if (!dialog.open) dialog.showModal();
    return;
  }
  const now = new Date().toLocaleTimeString([], { timeStyle: "short" });
  if (isPolling(elt)) {
    misses.set(elt.id, (misses.get(elt.id) ?? 0) + 1);
    if (misses.get(elt.id) === MISSES_ALLOWED) alertOf(`Not updated since ${now}. Load the page again.`);
    return;
  }
  const cause = xhr.status ? `The server answered ${xhr.status}` : "The server did not answer";
  alertOf(`${cause} at ${now}, so this was not done. Load the page again and check before you repeat it.`);
};
on("htmx:responseError", failed);
on("htmx:sendError", failed);

on("signedIn", ({ detail: { value: token } }) => {
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
  find("#sign-in").close();
  setTimeout(() => (repeat?.(), (repeat = null)));
});

// A swap must not lose the focus: it goes to what is wrong, else to what replaced the focused element.
let focusLeaves = false;

on("htmx:beforeSwap", (event) => {
  focusLeaves = event.target.contains(document.activeElement);
});

on("htmx:afterSettle", (event) => {
  const { target } = event;
  const wanted = find('[aria-invalid="true"], [data-focus]', target);
  // Counts that come along out of band settle too; the focus belongs to what was asked for.
  const isAsked = target.id === event.detail.target.id;
  if (wanted) wanted.focus();
  else if (isAsked && focusLeaves && document.activeElement === document.body) focus(target);
  if (isAsked) focusLeaves = false;
  prepare(target);
});

// ---- clicks
const copy = async (button) => {
  const text = button.dataset.copy;
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else {
    // Plain http in the local network has no clipboard interface.
    getSelection().selectAllChildren(button);
    document.execCommand("copy");
  }
  say(`${text} copied.`);
};

on("click", (event) => {
  const target = event.target.closest("[data-copy], [data-close-toast], [data-dialog], [data-scan]");
  if (target?.dataset.copy) copy(target);
  else if (target?.dataset.dialog) document.getElementById(target.dataset.dialog).showModal();
  else if (target?.dataset.scan) scan(target);
  else if (target) target.closest(".toast").remove();
});

// ---- keys
let goes = 0;
let marked;

const isTyping = (node) => node.matches("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
const boxOf = (row) => find("input[type=checkbox]", row);
const rowNow = () => document.activeElement.closest("[data-row]");

const focus = (node) => {
  node.tabIndex = -1;
  node.focus();
};

const step = (by) => {
  const rows = all("[data-row]").filter((row) => row.checkVisibility());
  const next = rows[rowNow() ? rows.indexOf(rowNow()) + by : 0];
  if (next) focus(next);
};

const mark = (row, isRange) => {
  const rows = all("[data-row]").filter(boxOf);
  const [from, to] = [rows.indexOf(row), rows.indexOf((isRange && marked) || row)].sort((a, b) => a - b);
  boxOf(row)?.click();
  for (const box of rows.slice(from, to + 1).map(boxOf)) if (box.checked !== boxOf(row).checked) box.click();
  marked = row;
};

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

const press = (key, target) => {
  const row = rowNow();
  if (key === "g") return (goes = Date.now());
  if (Date.now() - goes < 1500) {
    goes = 0;
    return find(`[data-go="${CSS.escape(key)}"]`)?.click() ?? true;
  }
  if (key === "/") {
    const search = shown("input[type=search]");
    search?.focus();
    search?.select();
    return search ?? press("search");
  }
  if (key === "?") return find("#keys").showModal() ?? true;
  // Arrow keys scroll until a row has the focus.
  if (STEPS[key]) return (row || key.length === 1) && (step(STEPS[key]) ?? true);
  if (row && key.toLowerCase() === "x") return mark(row, key === "X") ?? true;
  if (key === "Enter" && target !== row) return false;
  const name = `[data-key="${CSS.escape(key === "Enter" ? "e" : key)}"]`;
  const node = (row && shown(name, row)) ?? shown(name);
  node?.click();
  return node;
};

on("keydown", (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (event.defaultPrevented || altKey || find("dialog[open], :popover-open")) return;
  if (ctrlKey || metaKey) {
    const own = target.closest(".edit-panel, form") ?? document;
    if (key === "Enter") (shown(".button.primary", own) ?? shown(".button.primary"))?.click();
  } else if (key === "Escape") {
    const panel = target.closest(".edit-panel") ?? find(".edit-panel");
    (find("[data-cancel]", panel ?? document) ?? shown("[data-escape]"))?.click();
  } else if (!isTyping(target) && document.documentElement.dataset.keys !== "off" && press(key, target)) {
    event.preventDefault();
  }
});

// ---- the camera reads VIN bar codes and QR codes
const scan = async (button) => {
  const input = find(button.dataset.scan);
  const dialog = find("#scan");
  const video = find("video", dialog);
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return alertOf("The camera cannot be used. Allow it for this page, or type the VIN.");
  }
  dialog.showModal();
  await video.play();
  while (dialog.open) {
    for (const { rawValue } of await new BarcodeDetector().detect(video)) {
      const vin = rawValue.toUpperCase().match(/[A-HJ-NPR-Z0-9]{17}/)?.[0];
      if (!vin || input.value.includes(vin)) continue;
      input.value = `${input.value.trimEnd()}\n${vin}`.trimStart();
      input.dispatchEvent(new Event("input", { bubbles: true }));
      find("[data-said]", dialog).textContent = `${vin} read.`;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  video.srcObject.getTracks().forEach((track) => track.stop());
};

// ---- what a new part of the page needs
// Tables that phones show as lists keep their roles.
const ROLES = { TABLE: "table", TR: "row", TD: "cell", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup" };

// One box for all boxes of a form.
const checkAll = (field) => {
  const whole = find("input", field);
  const boxes = () => all(`[name="${field.dataset.checkAll}"]`);
  const show = () => (whole.checked = boxes().every((box) => box.checked));
  whole.onchange = () => boxes().forEach((box) => (box.checked = whole.checked));
  on("change", show);
  show();
  field.hidden = false;
};

const prepare = (root) => {
  for (const node of all("table.flow, .flow :is(thead, tbody, tfoot, tr, th, td)"))
    node.role ??= ROLES[node.tagName] ?? (node.scope === "row" ? "rowheader" : "columnheader");
  all("[data-check-all][hidden]", root).forEach(checkAll);
  if (window.BarcodeDetector && navigator.mediaDevices) for (const node of all("[data-scan]", root)) node.hidden = false;
};

find('[aria-invalid="true"]')?.focus();
prepare(document);
