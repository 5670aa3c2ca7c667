// The console's keys. “/” goes to the search field; on a list j and k move by row, Enter opens, x selects. None acts
// while somebody writes, and whoever needs the letters for something else turns the keys of lists off.
"use strict";

const isWriting = (event) => event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const isPlain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;

document.addEventListener("keydown", (event) => {
  const field = document.getElementById("find");
  if (event.key !== "/" || !isPlain(event) || isWriting(event) || !field) return;
  event.preventDefault();
  field.focus();
});

const rows = [...document.querySelectorAll("#result_list tbody tr")];
const hint = document.getElementById("list-keys");
if (rows.length && hint) {
  const choice = hint.querySelector("input");
  hint.hidden = false;
  choice.checked = localStorage.getItem("list-keys") !== "off";
  choice.addEventListener("change", () => localStorage.setItem("list-keys", choice.checked ? "on" : "off"));
  const present = () => rows.findIndex((row) => row.contains(document.activeElement));
  const move = (to) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    (row.querySelector("a[href]") || row.querySelector("input"))?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (!choice.checked || !isPlain(event) || isWriting(event)) return;
    const at = present();
    if (event.key === "j") move(at + 1);
    else if (event.key === "k") move(at < 0 ? rows.length - 1 : at - 1);
    else if (event.key === "x" && at >= 0) rows[at].querySelector("input.action-select")?.click();
    else return;
    event.preventDefault();
  });
}

// On a phone each row of a table is a card (parts.css): every cell says what its column is called.
for (const table of document.querySelectorAll(".table-scroll > table:not(.cards, .work-table)")) {
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  const lines = [...table.querySelectorAll("tbody > tr")];
  if (lines.some((line) => line.children.length !== names.length)) continue;
  for (const line of lines) [...line.children].forEach((cell, at) => { cell.dataset.label = names[at]; });
  table.classList.add("cards");
}

// Whoever looks for a register sees every job; whoever has stopped, the one that was open.
const filter = document.getElementById("nav-filter");
const jobs = [...document.querySelectorAll("#nav-sidebar .job")];
const opened = jobs.filter((job) => job.open);
const show = () => jobs.forEach((job) => { job.open = filter.value !== "" || opened.includes(job); });
if (filter) {
  filter.addEventListener("input", show);
  filter.addEventListener("keyup", show);
  show();
}
