// Progressive enhancement: every page works without this file.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const fill = (name, text) => {
  const node = find(`#${name}-template`).content.firstElementChild.cloneNode(true);
  find("[data-text]", node).textContent = text;
  return node;
};

// ---------- what is said to the person ----------
const TOAST_MS = 10000;

const timed = new WeakSet();

const expire = (toast) =>
  setTimeout(() => (toast.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), TOAST_MS);

const timeToasts = () => {
  for (const toast of document.querySelectorAll(".toast"))
    if (!timed.has(toast)) {
      timed.add(toast);
      expire(toast);
    }
};

const say = (text) => {
  find("#toasts").append(fill("toast", text));
  timeToasts();
};

const alertOf = (text) => find("#alerts").replaceChildren(fill("alert", text));

// ---------- theme and keys: stored per browser ----------
const THEMES = { system: "Theme: as the system", dark: "Theme: dark", light: "Theme: light" };
const KEYS = { on: "Single-key shortcuts: on", off: "Single-key shortcuts: off" };

const choice = (button, key, words, apply) => {
  if (!button) return;
  const names = Object.keys(words);
  const show = () => (find("[data-label]", button).textContent = words[localStorage.getItem(key) ?? names[0]]);
  button.addEventListener("click", () => {
    const now = names.indexOf(localStorage.getItem(key) ?? names[0]);
    localStorage.setItem(key, names[(now + 1) % names.length]);
    show();
    apply?.(localStorage.getItem(key));
  });
  show();
  button.hidden = false;
};

const applyTheme = (theme) => {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
};

// ---------- one press, one request ----------
const GERUND_MS = 300;
const busy = new Map();

const start = (scope, button) => {
  const content = [...(button?.childNodes ?? [])];
  const timer = setTimeout(() => {
    if (button?.dataset.busy) button.textContent = button.dataset.busy;
  }, GERUND_MS);
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
const refuse = (event) => {
  if (!busy.has(event.target) && !event.target.closest('[aria-disabled="true"]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
};
document.addEventListener("submit", refuse, true);
document.addEventListener("click", refuse, true);

document.addEventListener("submit", (event) => {
  const { submitter, target: form } = event;
  // A dialog's Cancel closes it and sends nothing.
  if (event.defaultPrevented || (submitter?.formMethod || form.method) !== "post") return;
  start(form, submitter);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) [...busy.keys()].forEach(stop);
});

// ---------- htmx ----------
const misses = new Map();
const MISSES_ALLOWED = 3;

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  if (elt.hasAttribute("data-poll") && document.hidden) event.preventDefault();
  if (requestConfig.verb !== "get") start(elt, requestConfig.triggeringEvent?.submitter ?? elt.closest("button"));
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  stop(elt);
  if (successful) misses.delete(elt.id);
});

const failed = (event) => {
  const { elt, xhr } = event.detail;
  const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (elt.hasAttribute("data-poll")) {
    const missed = (misses.get(elt.id) ?? 0) + 1;
    misses.set(elt.id, missed);
    if (missed === MISSES_ALLOWED) alertOf(`Not updated since ${now}. Load the page again.`);
    return;
  }
  const cause = xhr.status ? `The server answered ${xhr.status}` : "The server did not answer";
  alertOf(`${cause} at ${now}, so this was not done. Load the page again and check before you repeat it.`);
};
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);

// A swap must not lose the focus: it goes to what is wrong, else to what replaced the focused element.
let focusLeaves = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  focusLeaves = event.target.contains(document.activeElement);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const invalid = find('[aria-invalid="true"]', event.target);
  // Counts that come along out of band settle too; the focus belongs to what was asked for.
  const isAsked = event.target.id === event.detail.target.id;
  if (invalid) invalid.focus();
  else if (isAsked && focusLeaves && document.activeElement === document.body) {
    event.target.tabIndex = -1;
    event.target.focus();
  }
  if (isAsked) focusLeaves = false;
  prepare(event.target);
  timeToasts();
});

// ---------- clicks and keys ----------
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

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-copy], [data-close-toast], [data-dialog]");
  if (target?.dataset.copy) copy(target);
  else if (target?.dataset.dialog) document.getElementById(target.dataset.dialog).showModal();
  else if (target) target.closest(".toast").remove();
});

const isTyping = (element) => element.matches("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !find("dialog[open], :popover-open")) {
    const panel = event.target.closest(".edit-panel") ?? find(".edit-panel");
    find("[data-cancel]", panel ?? document)?.click();
  } else if (event.key === "/" && !isTyping(event.target) && localStorage.getItem("keys") !== "off") {
    const search = find("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.select();
    search.focus();
  }
});

// ---------- tables that phones show as lists keep their roles ----------
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

const roleOf = (node) => ROLES[node.tagName] ?? (node.scope === "row" ? "rowheader" : "columnheader");

const prepare = (root) => {
  const tables = root.closest?.("table.flow") ? [root] : root.querySelectorAll("table.flow");
  for (const table of tables)
    for (const node of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, th, td")])
      if (node.matches("table, thead, tbody, tfoot, tr, th, td")) node.setAttribute("role", roleOf(node));
};

// ---------- one box for all boxes of a form ----------
const checkAll = (field) => {
  if (!field) return;
  const all = find("input", field);
  const boxes = document.getElementsByName(field.dataset.checkAll);
  const show = () => (all.checked = [...boxes].every((box) => box.checked));
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  all.form.addEventListener("change", show);
  show();
  field.hidden = false;
};

checkAll(find("[data-check-all]"));
choice(find("[data-theme-switch]"), "theme", THEMES, applyTheme);
choice(find("[data-keys-switch]"), "keys", KEYS);
timeToasts();
find('[aria-invalid="true"]')?.focus();
prepare(document);
