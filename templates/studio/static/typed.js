// The form for answers from paper: Enter goes on, and arrows go from cell to cell. Without this, Tab does.
"use strict";
(() => {
  const form = document.querySelector("#typed");
  const fields = () => [...form.querySelectorAll("input:not([type=hidden]), select, .done button")];
  const go = (to) => {
    to?.focus();
    if (to?.matches("input")) to.select();
    return Boolean(to);
  };
  const near = (at, rows, cols) => {
    const row = at.closest("tr"), col = [...(row?.cells ?? [])].indexOf(at.closest("td"));
    const other = rows ? row?.parentElement.rows[row.sectionRowIndex + rows] : row;
    return other?.cells[col + cols]?.querySelector("input, select");
  };
  form.addEventListener("keydown", (event) => {
    const at = event.target, all = fields(), place = all.indexOf(at);
    if (!at.matches("input, select") || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const before = () => all[place - 1], after = () => all[place + 1], typed = at.matches("input");
    const start = typed && at.selectionEnd === 0, end = typed && at.selectionStart === at.value.length;
    const whole = typed && at.selectionStart === 0 && at.selectionEnd === at.value.length;
    const to = {
      Enter: () => event.shiftKey ? before() : after(),
      ArrowDown: () => typed && (near(at, 1, 0) ?? after()),
      ArrowUp: () => typed && (near(at, -1, 0) ?? before()),
      ArrowRight: () => (end || whole) && (near(at, 0, 1) ?? after()),
      ArrowLeft: () => (start || whole) && (near(at, 0, -1) ?? before()),
    }[event.key]?.();
    if (to && go(to)) event.preventDefault();
    else if (event.key === "Enter") event.preventDefault();
  });
})();
