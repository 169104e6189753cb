"use strict";
// One page for two uses: browsing a dataset, and looking at an evaluation. All text arrives as data and is set as textContent, so that
// nothing that a record holds can become markup. The index stands above this script and is read at once, while the browser still reads the
// details below it; a record's are unpacked when it is opened, a chunk at a time.

const ROW = 62; // pixels of a row, as in the style: only the rows in sight are in the document
const KEYWORDS = "and as case elif else False for if in is match None not or pass True".split(" ");
const TOKEN = /(#[^\n]*)|([rfb]*(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|([A-Za-z_]\w*)/g;
const byId = (id) => document.getElementById(id);
let index, shown = [], selected = null;
const chunks = new Map();

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

async function unpacked(id) {
  while (!byId(id) && document.readyState === "loading") await new Promise((done) => setTimeout(done, 20)); // it stands further down
  const packed = atob(byId(id).textContent), bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

// ---------------------------------------------------------------------------------------------------------------------------------
// the list

const inNumbers = new Intl.Collator("en", { numeric: true }).compare; // 9 before 10
const values = (row, key) => [row.facets[key] ?? []].flat();

function addFilters() {
  for (const facet of index.facets) {
    const counts = new Map();
    for (const row of index.rows) for (const value of values(row, facet.key)) counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size < 2) continue; // nothing to choose
    const names = [...counts.keys()].sort(facet.sort === "name" ? inNumbers : (a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
    const options = names.map((name) => Object.assign(element("option", "", `${name} (${counts.get(name)})`), { value: name }));
    let field;
    if (names.length > 60) { // too many to scroll through: a field that completes
      const choices = Object.assign(element("datalist", "", ...options), { id: `choices-${facet.key}` });
      field = Object.assign(element("input"), { placeholder: facet.label, type: "search" });
      field.setAttribute("list", choices.id);
      byId("filters").insertBefore(choices, byId("count"));
    } else field = element("select", "", Object.assign(element("option", "", facet.label), { value: "" }), ...options);
    field.name = facet.key;
    field.setAttribute("aria-label", facet.label);
    byId("filters").insertBefore(field, byId("count"));
  }
  const order = element("select", "", ...[["", "In order"], ...index.numbers.flatMap((n) => [[`-${n.key}`, `Most ${n.label}`], [n.key, `Least ${n.label}`]])]
    .map(([value, text]) => Object.assign(element("option", "", text), { value })));
  order.id = "order";
  order.setAttribute("aria-label", "Order");
  byId("filters").insertBefore(order, byId("count"));
}

function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = index.facets.map((f) => [f.key, byId("filters").elements[f.key]?.value.toLowerCase()]).filter(([, value]) => value);
  shown = index.rows.filter((row) => words.every((word) => row.sought.includes(word))
    && chosen.every(([key, value]) => values(row, key).some((own) => own.toLowerCase() === value)));
  const order = byId("order").value, sign = order.startsWith("-") ? -1 : 1, key = order.replace("-", "");
  if (key) shown.sort((a, b) => sign * ((a.numbers[key] ?? -Infinity) - (b.numbers[key] ?? -Infinity)));
  byId("count").textContent = `${shown.length.toLocaleString("en")} of ${index.rows.length.toLocaleString("en")}`;
  byId("rows").style.height = `${shown.length * ROW}px`;
  byId("list").scrollTop = 0;
  draw();
}

function badges(list) {
  return list.map(([text, kind]) => element("span", `badge ${kind}`, text));
}

function draw() {
  const list = byId("list"), first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
  const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW) + 10);
  byId("rows").replaceChildren(...shown.slice(first, last).map((row, offset) => {
    const node = element("div", "row", element("p", "", row.text), element("p", "notes", ...badges(row.badges), row.notes));
    node.style.top = `${(first + offset) * ROW}px`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(row === selected));
    node.onclick = () => open(row);
    return node;
  }));
}

function move(step) {
  const at = shown.indexOf(selected), list = byId("list");
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
  if (!next) return;
  const top = shown.indexOf(next) * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  open(next);
}

// ---------------------------------------------------------------------------------------------------------------------------------
// a record

async function open(row) {
  selected = row;
  location.hash = encodeURIComponent(row.id);
  draw();
  const number = Math.floor(row.number / index.chunk);
  if (!chunks.has(number)) chunks.set(number, unpacked(`chunk-${number}`));
  const sections = (await chunks.get(number))[row.number % index.chunk];
  if (selected !== row) return; // another one was opened meanwhile
  const head = element("p", "", ...badges(row.badges), row.id);
  byId("record").replaceChildren(head, ...sections.flatMap((section) => [element("h2", "", section.label), drawn[section.kind](section)]));
  byId("record").scrollTop = 0;
}

const drawn = {
  text: (section) => element("p", "text", section.text),
  table: (section) => element("table", "", ...section.rows.map(([name, value]) =>
    element("tr", "", element("th", "", String(name)), element("td", "", String(value))))),
  code: (section) => element("pre", "", highlighted(section.text)),
  blocks: (section) => element("div", "blocks", ...section.blocks.map(block)),
  // `lines`: [left, right] with null on the side that lacks the line; equal texts on both sides are unchanged lines
  diff: (section) => element("div", "diff", ...section.heads.map((head) => element("p", "hint", head)),
    ...section.lines.flatMap(([left, right]) => [line(left, right, "gone", section.prose), line(right, left, "new", section.prose)])),
};

// A line on its side: as it is if the other side has the same, else with the part set off that the other side does not have there.
function line(own, other, kind, prose) {
  if (own === null) return element("pre", "line");
  if (own === other) return element("pre", "line", prose ? own : highlighted(own));
  let start = 0, end = 0;
  if (other !== null) {
    const most = Math.min(own.length, other.length);
    while (start < most && own[start] === other[start]) start++;
    while (end < most - start && own[own.length - 1 - end] === other[other.length - 1 - end]) end++;
  }
  const middle = own.slice(start, own.length - end);
  const parts = other !== null && middle && start + end ? [element("mark", "", middle)] : [middle];
  return element("pre", `line ${kind}`, own.slice(0, start), ...parts, own.slice(own.length - end));
}

function highlighted(code) {
  const result = document.createDocumentFragment();
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    const [text, comment, string, name] = match;
    const kind = comment ? "comment" : string ? "string" : KEYWORDS.includes(name) ? "keyword"
      : code[match.index + text.length] === "(" ? "call" : "";
    if (!kind) continue;
    result.append(code.slice(end, match.index), element("span", kind, text));
    end = match.index + text.length;
  }
  result.append(code.slice(end));
  return result;
}

// A step as the Shortcuts app shows it: a sign in its app's colour, a title, its parameters with variables set off.
function block(step) {
  const pieces = (list) => list.map((piece) => typeof piece === "string" ? piece : element("span", "variable", piece.variable));
  let node;
  if (step.remark !== undefined) node = element("div", "block remark", step.remark);
  else {
    const sign = element("span", "sign", step.title.slice(0, 1).toUpperCase());
    sign.style.background = step.control ? "#8e8e93" : `hsl(${hue(step.app)} 55% 48%)`;
    const lines = step.parameters.map(([label, value]) => element("div", "parameter", element("span", "label", `${label}  `), ...pieces(value)));
    const app = step.control ? [] : [" ", element("span", "app", step.app)];
    const body = element("div", "", element("div", "", element("span", "title", step.title), ...app), ...lines);
    if (step.output) body.append(element("div", "", element("span", "label", "gives  "), element("span", "variable", step.output)));
    node = element("div", "block", sign, body);
  }
  node.style.marginLeft = `${step.depth * 26}px`;
  return node;
}

function hue(text) {
  let sum = 0;
  for (const c of text) sum = (sum * 31 + c.codePointAt(0)) % 360;
  return sum;
}

// ---------------------------------------------------------------------------------------------------------------------------------

async function start() {
  index = await unpacked("index");
  document.title = index.title;
  document.querySelector("h1").textContent = index.title;
  byId("facts").textContent = index.facts;
  index.rows.forEach((row, number) => Object.assign(row, { number, sought: `${row.id} ${row.text} ${Object.values(row.facets).filter(Array.isArray).flat().join(" ")}`.toLowerCase() }));
  addFilters();
  byId("filters").addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("list").addEventListener("scroll", draw);
  addEventListener("resize", draw);
  byId("list").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step) { event.preventDefault(); move(step); }
  });
  filter();
  const linked = index.rows.find((row) => row.id === decodeURIComponent(location.hash.slice(1)));
  if (linked) open(linked);
  document.body.dataset.ready = "true";
  performance.mark("ready");
}

start();
