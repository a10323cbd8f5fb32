
"use strict";
const box = document.getElementById("filter"), only = document.getElementById("only");
const parts = [...document.querySelectorAll("tbody")].map(body => {
  const rows = [...body.rows].slice(1);
  const head = body.rows[0].textContent.toLowerCase();
  return { body, rows: rows.map(row => ({ row, text: head + " " + row.textContent.toLowerCase() })) };
});
function show() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const { body, rows } of parts) {
    let some = false;
    for (const { row, text } of rows) {
      const on = words.every(word => text.includes(word)) && (!only.checked || row.className === "bad");
      row.hidden = !on;
      some ||= on;
    }
    body.hidden = !some;
    any ||= some;
  }
  document.getElementById("none").hidden = any;
}
let timer;
box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 80); });
only.addEventListener("change", show);
show();
