// Filters, orders and keys of a page that is complete without them.
const form = document.getElementById("filter");
const output = form.querySelector("output");
const sections = [...document.querySelectorAll("details.kind")].map((element) => ({
  element,
  open: element.open,
  lists: [...element.querySelectorAll(":scope > section")].map((group) => {
    const name = group.querySelector("h3")?.textContent.toLowerCase() ?? "";
    const list = group.querySelector("ul");
    return { group, list, name, rows: [...list.children].map((row) => ({ row, list })) };
  }),
}));
const entries = sections.flatMap((section) =>
  section.lists.flatMap((list) => list.rows.map((entry) => Object.assign(entry, { section, name: list.name }))),
);
const facets = ["tag", "environment", "cause"].filter((name) => form.elements[name]);

function textOf(entry) {
  entry.text ??= `${entry.name} ${entry.row.textContent.toLowerCase()}`;
  return entry.text;
}

function durationOf(entry) {
  return Number(entry.row.querySelector("data")?.value ?? 0);
}

function matches(entry, wanted) {
  if (wanted.status && entry.section.element.id !== wanted.status) return false;
  if (wanted.tag && !(entry.row.dataset.tag ?? "").split(" ").includes(wanted.tag)) return false;
  if (wanted.environment && !(entry.row.dataset.environment ?? "").split(";").includes(wanted.environment)) return false;
  if (wanted.cause && entry.row.dataset.cause !== wanted.cause) return false;
  return wanted.words.every((word) => textOf(entry).includes(word));
}

function order(slowest) {
  for (const { element, lists } of sections) {
    const all = lists.flatMap((list) => list.rows);
    if (slowest) {
      all.sort((one, other) => durationOf(other) - durationOf(one));
      lists[0]?.list.append(...all.map((entry) => entry.row));
    } else {
      for (const { list, rows } of lists) list.append(...rows.map((entry) => entry.row));
    }
    element.classList.toggle("ordered", slowest);
  }
}

let isOrdered = false;
function show(wanted) {
  const slowest = wanted.order === "slowest";
  if (slowest !== isOrdered) order((isOrdered = slowest));
  const isFiltered = Boolean(wanted.status || wanted.words.length || facets.some((name) => wanted[name]));
  let found = 0;
  for (const section of sections) {
    let inSection = 0;
    for (const { group, rows } of section.lists) {
      let inGroup = 0;
      for (const entry of rows) {
        const fits = !isFiltered || matches(entry, wanted);
        if (entry.row.hidden === fits) entry.row.hidden = !fits;
        inGroup += fits;
      }
      group.hidden = !slowest && !inGroup;
      inSection += inGroup;
    }
    section.element.hidden = !inSection;
    section.element.open = isFiltered ? inSection > 0 : section.open || slowest;
    found += inSection;
  }
  output.textContent = isFiltered ? `${found} of ${entries.length} results` : "";
}

function read() {
  const given = Object.fromEntries(new FormData(form));
  const words = (given.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return { ...given, words };
}

function update() {
  const wanted = read();
  show(wanted);
  const { words, ...given } = wanted;
  const set = Object.entries(given).filter(([, value]) => value);
  const hash = new URLSearchParams(set).toString();
  history.replaceState(null, "", hash ? `#?${hash}` : location.pathname + location.search);
}

function restore() {
  if (!location.hash.startsWith("#?")) return false;
  for (const [name, value] of new URLSearchParams(location.hash.slice(2))) {
    const field = form.elements[name];
    if (field && "value" in field) field.value = value;
  }
  show(read());
  return true;
}

let waiting;
form.hidden = false;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(update, 60);
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", restore);
restore();

function rowsInView() {
  return [...document.querySelectorAll("details.kind[open] > section:not([hidden]) > ul > li:not([hidden])")];
}

function move(by) {
  const rows = rowsInView();
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, here < 0 ? 0 : here + by))];
  if (!next) return;
  const target = next.querySelector(":scope > details > summary") ?? next;
  if (target === next) next.tabIndex = -1;
  target.focus();
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    form.elements.text.focus();
  } else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
});

addEventListener("beforeprint", () => {
  for (const { element } of sections) element.open = true;
});
