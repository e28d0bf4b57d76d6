// The builder of output templates: columns are added, moved and removed at once. Without this file the same buttons
// send the form and the server does it.
"use strict";

(() => {
  const form = document.getElementById("builder");
  const list = document.getElementById("builder-columns");
  const blank = document.getElementById("column-template").content.firstElementChild;
  const said = document.getElementById("builder-said");
  let isUnsaved = "unsaved" in form.dataset;

  const rows = () => [...list.children];
  const rowOf = (node) => node.closest(".builder-column");
  const nameOf = (row) => row.querySelector("[name^=header-]").value || "without header";

  const changed = (words) => {
    rows().forEach((row, at) => {
      for (const number of row.querySelectorAll("[data-number]")) number.textContent = at + 1;
    });
    form.querySelector("[data-column-count]").textContent = rows().length;
    said.textContent = words;
    isUnsaved = true;
    form.dispatchEvent(new CustomEvent("columnsChanged"));
  };

  const place = (row) => `Column ${nameOf(row)} is number ${rows().indexOf(row) + 1} of ${rows().length}.`;

  // A moved element loses the focus; it goes back to where it was.
  const move = (row, by, focused) => {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    list.insertBefore(row, by < 0 ? other : other.nextElementSibling);
    focused.focus();
    changed(place(row));
  };

  const add = () => {
    const key = Math.max(0, ...rows().map((row) => Number(row.dataset.key))) + 1;
    const row = blank.cloneNode(true);
    row.dataset.key = key;
    for (const node of row.querySelectorAll("*"))
      for (const { name, value } of [...node.attributes])
        if (/^(id|for|name|value|aria-describedby)$/.test(name)) node.setAttribute(name, value.replace(/(^|-)0$/, `$1${key}`));
    list.append(row);
    row.querySelector("[name^=header-]").focus();
    changed(`Column ${rows().length} is added.`);
  };

  const remove = (row) => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const words = `Column ${nameOf(row)} is removed.`;
    row.remove();
    (next?.querySelector("[name^=header-]") ?? form.querySelector('[data-act="add"]')).focus();
    changed(words);
  };

  const acts = {
    add,
    remove: (button) => remove(rowOf(button)),
    up: (button) => move(rowOf(button), -1, button),
    down: (button) => move(rowOf(button), 1, button),
    preview: () => form.dispatchEvent(new CustomEvent("columnsChanged")),
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    event.preventDefault();
    acts[button.dataset.act](button);
  });

  form.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      move(row, event.key === "ArrowUp" ? -1 : 1, event.target);
    } else if (event.key === "Enter" && event.target.matches("input")) {
      // A version cannot be taken back: Enter in a column saves nothing.
      event.preventDefault();
    }
  });

  // ---------- drag and drop ----------
  let dragged = null;

  list.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.("[draggable]")) return; // a text that is dragged out of its field
    dragged = rowOf(event.target);
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(dragged, 8, 8);
  });

  list.addEventListener("dragover", (event) => {
    const over = rowOf(event.target);
    if (!dragged || !over) return;
    event.preventDefault();
    if (over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    list.insertBefore(dragged, event.clientY < top + height / 2 ? over : over.nextElementSibling);
  });

  list.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });

  list.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    changed(place(dragged));
    dragged = null;
  });

  // ---------- placeholders and filters ----------
  let formula = list.querySelector("[data-formula]");

  list.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-formula]")) formula = event.target;
  });

  form.addEventListener("click", (event) => {
    const text = event.target.closest("[data-insert]")?.dataset.insert;
    if (!text || !formula?.isConnected) return;
    let start = formula.selectionStart ?? formula.value.length;
    let end = formula.selectionEnd ?? start;
    // A filter belongs inside the placeholder that the cursor stands behind.
    if (text.startsWith("|") && formula.value[start - 1] === "}") start = end = start - 1;
    formula.setRangeText(text, start, end, "end");
    if (text.startsWith("|") && formula.value[formula.selectionEnd] === "}")
      formula.setSelectionRange(formula.selectionEnd + 1, formula.selectionEnd + 1);
    formula.focus();
    formula.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // ---------- whoever leaves is asked while something is not saved ----------
  form.addEventListener("input", (event) => {
    if (event.target.name !== "dealership") isUnsaved = true;
  });
  form.addEventListener("submit", () => (isUnsaved = false));
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved) event.preventDefault();
  });

  // ---------- the code follows the name until somebody types one ----------
  const name = form.querySelector("[name=name]");
  const code = form.querySelector("[name=code]");
  const proposal = () => name.value.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "").slice(0, 40);

  if (code) {
    let follows = code.value === "" || code.value === proposal();
    code.addEventListener("input", () => (follows = code.value === ""));
    name.addEventListener("input", () => {
      if (follows) code.value = proposal();
    });
  }
})();
