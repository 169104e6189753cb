"use strict";
// One page for two uses: a dataset, and an evaluation. The address says what is shown (#id=…&q=…&split=…), so links and Back work.
// All text arrives as data and is set as text: nothing in a record can become markup.

const BATCH = 60; // rows put into the list at a time, as it is scrolled
const MOST_CHOICES = 40; // of a menu; a filter with more values is a field for a part of the name
const MOST_BESIDE = 3; // answers in columns beside gold
const KEYWORDS = new Set("and as case elif else False for if in is match None not or True".split(" "));
const TOKEN = /(#.*)|([rfb]*(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|(\b\d[\d.]*)|([A-Za-z_]\w*)(\(|=(?!=))?/g;
const NAME_BEFORE = { "(": "call", "=": "argument" };
const WORD = /[\p{L}\p{N}_]+/gu;
const byId = (id) => document.getElementById(id);
const wide = matchMedia("(min-width: 761px)");
const form = byId("filters"), record = byId("record"), list = byId("rows");
const facets = [];
let index, records, where = new URLSearchParams(location.hash.slice(1)), listed = "", shown = [], current = null, timer = 0;

function element(tag, properties, ...children) {
  const node = document.createElement(tag);
  if (typeof properties === "string") node.className = properties;
  else for (const [name, value] of Object.entries(properties)) name in node ? node[name] = value : node.setAttribute(name, value);
  node.append(...children);
  return node;
}

async function unpacked() {
  const bytes = Uint8Array.from(atob(byId("data").textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

// ---------------------------------------------------------------------------------------------------------------------------------
// the address

function address(changes, from = where) {
  const next = new URLSearchParams(from);
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  return `#${next.toString() || "list="}`;
}

// Keys and filters replace the address, a moment later: browsers take only so many changes a second. Links add to the history.
function go(changes) {
  const next = address(changes);
  where = new URLSearchParams(next.slice(1));
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", next), 120);
  show();
}

function show() {
  const id = where.get("id");
  const view = id ? "record" : index.overview.length && !where.toString() ? "overview" : "list";
  document.body.dataset.view = view;
  byId("to-overview").setAttribute("aria-current", view === "overview" ? "page" : "false");
  byId("to-list").setAttribute("aria-current", view === "overview" ? "false" : "page");
  if (listed !== address({ id: "" })) filter();
  if (view === "record" || view === "list" && wide.matches) open(id ? records.find((row) => row.id === id) : shown[0]);
  else if (view === "list") select(current);
}

// ---------------------------------------------------------------------------------------------------------------------------------
// filters and the list

const plain = (text) => text.toLowerCase().replace(/[._]/g, "_"); // is.workflow.actions.exit and is_workflow_actions_exit are one name
const fits = (group, tests) => tests.every(([key, test]) => (group[key] ?? []).some(test));

function strings(value) { // the texts in a value
  if (typeof value === "string") return [value];
  return Object.entries(value ?? {}).flatMap(([key, part]) => key === "kind" || key === "label" ? [] : strings(part));
}

function addFilters() {
  for (const [key, label] of Object.entries(index.facets)) {
    const counts = countsOf(records, key, []), typed = counts.size > MOST_CHOICES;
    if (counts.size < 2) continue; // nothing to choose
    const names = [...counts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    if (!names.every((name) => /^\d/.test(name))) names.sort((a, b) => counts.get(b) - counts.get(a));
    const options = typed ? element("datalist", { id: `names-${key}` }) : element("select", { name: key });
    const field = typed ? element("input", { name: key, type: "search", placeholder: "any" }) : options;
    if (typed) field.setAttribute("list", options.id);
    byId("facets").append(element("label", "", label, field), ...(typed ? [options] : []));
    facets.push({ key, names, typed, options });
  }
  form.elements.order.append(...Object.entries(index.orders).map(([value, label]) => element("option", { value }, label)));
}

function countsOf(rows, key, tests) { // of each value, in how many rows it is of an answer that passes the tests
  const counts = new Map();
  for (const row of rows)
    for (const value of new Set(row.groups.filter((group) => fits(group, tests)).flatMap((group) => group[key] ?? [])))
      counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function filter() {
  const words = plain(where.get("q") ?? "").split(/\s+/).filter(Boolean);
  const tests = facets.filter(({ key }) => where.get(key)).map(({ key, typed }) => {
    const wanted = where.get(key), part = plain(wanted);
    return [key, typed ? (value) => plain(value).includes(part) : (value) => value === wanted];
  });
  if (words.length) for (const row of records) row.sought ??= plain(strings([row.id, row.text, row.sections]).join("\n"));
  const found = records.filter((row) => words.every((word) => row.sought.includes(word)));
  for (const { key, names, typed, options } of facets) { // only what the other filters leave is offered
    const counts = countsOf(found, key, tests.filter(([other]) => other !== key));
    const offered = names.filter((name) => counts.has(name) || name === where.get(key)).map((value) =>
      element("option", { value, label: `${typed ? "" : value} (${counts.get(value) ?? 0})` }));
    options.replaceChildren(...(typed ? [] : [element("option", { value: "" }, "any")]), ...offered);
  }
  for (const field of form.elements) if (field.name) field.value = where.get(field.name) ?? "";
  shown = found.filter((row) => row.groups.some((group) => fits(group, tests)));
  const [, minus, order] = (where.get("order") ?? "").match(/^(-?)(.*)$/), sign = minus ? -1 : 1;
  if (order) shown.sort((a, b) => sign * ((a.numbers[order] ?? -Infinity) - (b.numbers[order] ?? -Infinity)));
  const all = `${records.length.toLocaleString("en")} ${index.noun}`, active = tests.length + words.length > 0;
  byId("count").textContent = active ? `${shown.length.toLocaleString("en")} of ${all}` : all;
  byId("reset").hidden = !active && !order;
  byId("more").textContent = tests.length ? `Filters (${tests.length})` : "Filters";
  list.replaceChildren();
  extend();
  if (!shown.length) list.append(element("li", "hint", `No ${index.noun} match. Take a filter away, or reset all of them.`));
  byId("list").scrollTop = 0;
  listed = address({ id: "" });
}

const badges = (row) => row.badges.map(([text, kind]) => element("span", `badge ${kind}`, text));

function extend() {
  const drawn = list.children.length;
  list.append(...shown.slice(drawn, drawn + BATCH).map((row) => element("li", "", element("a", { href: address({ id: row.id }) },
    element("span", "title", row.text), element("span", "notes", ...badges(row), row.notes)))));
}

function select(row) { // marks the row in the list, and returns its link
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const place = shown.indexOf(row);
  if (place < 0) return null;
  while (list.children.length <= place) extend();
  const link = list.children[place].firstChild;
  link.setAttribute("aria-current", "true");
  link.scrollIntoView({ block: "nearest" });
  return link;
}

function move(step) {
  const next = shown[Math.min(shown.length - 1, Math.max(0, shown.indexOf(current) + step))];
  if (!next || document.body.dataset.view === "overview") return;
  go({ id: next.id });
  select(next)?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------------------------------------------------------------------------
// a record

function open(row) {
  select(row);
  if (row && row === current) return;
  current = row;
  const step = (by, sign, label) => element("button", { type: "button", onclick: () => move(by), title: label, "aria-label": label }, sign);
  const link = () => location.href.split("#")[0] + address({ id: row.id }, "");
  const back = element("a", { className: "button back", href: address({ id: "" }) }, `‹ ${index.noun}`);
  const buttons = [step(-1, "↑", "Previous"), step(1, "↓", "Next"), copyButton("Copy link", link)];
  const head = row ? [...buttons, ...badges(row), element("code", "", row.id)]
    : [where.get("id") ? `No record here has the id ${where.get("id")}.` : "Nothing to show."];
  record.replaceChildren(element("p", "head", back, ...head), ...(row?.sections ?? []).map(drawnSection));
  record.scrollTop = 0;
  if (!wide.matches) scrollTo(0, 0);
}

function copyButton(label, text) {
  const say = (said) => { button.textContent = said; setTimeout(() => { button.textContent = label; }, 1500); };
  const copy = () => navigator.clipboard.writeText(text()).then(() => say("Copied"), () => say("Not allowed"));
  const button = element("button", { type: "button", onclick: copy }, label);
  return button;
}

const tools = (name, code) => [copyButton("Copy", () => code), element("a", { className: "button", download: `${name}.py`,
  href: `data:text/x-python;charset=utf-8,${encodeURIComponent(code)}` }, "Download")];

const drawnSection = (section) => element("section", section.kind, element("h2", "", section.label), drawn[section.kind](section));

const drawn = {
  text: ({ text }) => element("p", "", text),
  lead: ({ text }) => element("p", "", text),
  table: ({ head, rows }) => element("div", "scroll", element("table", head ? "figures" : "",
    ...(head ? [element("thead", "", element("tr", "", ...head.map((name) => element("th", { scope: "col" }, name))))] : []),
    element("tbody", "", ...rows.map((row) => element("tr", "", ...row.map((value, place) => cell(place ? "td" : "th", value))))))),
  code: ({ text }) => element("div", "", element("p", "head", ...tools(current.id, text)),
    element("div", "scroll lines", ...text.trimEnd().split("\n").map((line, number) => element("div", "line", ...numbered(number + 1, line))))),
  blocks: ({ blocks }) => element("div", "", ...blocks.map(block)),
  beside: ({ sections }) => element("div", "", ...sections.map(drawnSection)),
  choice: ({ options }) => choice(options.map(([name]) => name), (place) => options[place][1].map(drawnSection)),
  diff: ({ heads, rows, form }) => {
    const [, ...names] = heads, all = wide.matches && names.length > 1 && names.length <= MOST_BESIDE ? [heads.keys()] : [];
    const views = [...all, ...names.map((_, place) => [0, place + 1])].map((columns) => [...columns]);
    const laid = wide.matches ? packed(rows, names.length) : rows;
    return choice([...(all.length ? ["side by side"] : []), ...names], (place) => [compared(heads, laid, views[place], form)]);
  },
};

function choice(names, draw) { // buttons of which one is pressed, and what it shows
  const body = element("div", "");
  const buttons = names.map((name, place) => element("button", { type: "button", onclick: () => pick(place) }, name));
  const pick = (place) => {
    buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(place === other)));
    body.replaceChildren(...draw(place));
  };
  pick(0);
  return element("div", "", ...(names.length > 1 ? [element("p", "head", ...buttons)] : []), body);
}

// A cell: a text, or { text, note, bar: [low, mean, high] in 0..1, kind, filter: what a click on it shows }.
function cell(tag, value) {
  const { text, note, bar, kind, filter: shows } = typeof value === "object" ? value : { text: String(value) };
  const link = shows ? address(shows, "") : /^https?:\/\/\S+$/.test(text) ? text : null;
  const node = element(tag, kind ?? "", link ? element("a", { href: link, rel: "noreferrer" }, text) : text);
  if (tag === "th") node.scope = "row";
  if (note) node.append(element("span", "note", note));
  if (bar) {
    const track = element("span", "bar", element("i", ""), element("b", ""));
    ["--low", "--mean", "--high"].forEach((name, place) => track.style.setProperty(name, bar[place]));
    node.append(track);
  }
  return node;
}

// ---------------------------------------------------------------------------------------------------------------------------------
// lines of code

// Side by side, an answer's lines that belong to no line of gold stand as high up as they can: beside gold, but apart from it.
function packed(rows, answers) {
  const laid = rows.map((row) => Object.assign([...row], { apart: new Set() }));
  for (let column = 1, free = 0; column <= answers; column++, free = 0)
    laid.forEach((row, at) => {
      if (row[column] === null) return;
      if (row[0] !== null) return void (free = at + 1);
      [row[column], laid[free][column]] = [null, row[column]];
      laid[free++].apart.add(column);
    });
  return laid;
}

function compared(heads, rows, columns, form) { // the columns of a diff, gold first
  const grid = element("div", "grid"), numbers = columns.map(() => 0), [, answer] = columns;
  grid.style.setProperty("--columns", columns.length);
  for (const column of columns) {
    const text = rows.map((row) => row[column]).filter((line) => line !== null).join("\n");
    const extra = form === "program" && text ? tools(`${current.id}-${heads[column]}`, text) : [];
    grid.append(element("p", `head ${column ? "new" : "gone"}`, element("span", "", heads[column]), ...extra));
  }
  for (const row of rows.filter((row) => columns.some((column) => row[column] !== null)))
    columns.forEach((column, place) => {
      const own = row[column], against = column ? row[0] : columns.length === 2 ? row[answer] : own;
      const other = row.apart?.has(column || answer) && against !== own ? null : against;
      const kind = own === null ? "none" : own === other ? (column ? "same" : "") : column ? "new" : "gone";
      grid.append(element("div", `line ${kind}`, ...(own === null ? [] : numbered(++numbers[place], own, other, form === "prose"))));
    });
  return grid;
}

const indent = (text) => text.search(/\S|$/);

function numbered(number, text, ...rest) { // a line with its number; what is wrapped stays indented
  const marker = element("span", { className: "number", "data-number": number });
  return [marker, element("span", "", text.slice(0, indent(text))), element("span", "", ...colored(text, ...rest))];
}

function colored(own, other = own, prose = false) { // what follows the indent, in colours; words that `other` does not have are marked
  const kinds = [], marks = [], parts = [], words = new Set((other ?? own).match(WORD));
  if (!prose) for (const { 0: text, 1: comment, 2: string, 3: number, 4: name, 5: next, index: at } of own.matchAll(TOKEN)) {
    const kind = comment ? "comment" : string ? "string" : number ? "value" : KEYWORDS.has(name) ? "keyword" : NAME_BEFORE[next];
    for (let i = at; i < at + (name ?? text).length; i++) kinds[i] = kind;
  }
  for (const { 0: word, index: at } of own.matchAll(WORD))
    for (let i = at; i < at + word.length && !words.has(word); i++) marks[i] = true;
  for (let start = indent(own), end; start < own.length; start = end) {
    for (end = start; end < own.length && kinds[end] === kinds[start] && marks[end] === marks[start];) end++;
    parts.push(element(marks[start] ? "mark" : "span", kinds[start] ?? "", own.slice(start, end)));
  }
  return parts;
}

// A step as the Shortcuts app shows it: a sign in its app's colour, a title, its parameters with variables set off.
function block({ depth, remark, title, app, control, parameters, output }) {
  const node = element("div", remark === undefined ? "block" : "block remark", remark ?? "");
  node.style.setProperty("--depth", depth);
  if (remark !== undefined) return node;
  const pieces = (parts) => parts.map((piece) => typeof piece === "string" ? piece : element("span", "variable", piece.variable));
  const line = ([label, value]) => element("div", "", element("span", "label", `${label} `), ...pieces(value));
  const sign = element("span", { className: control ? "sign control" : "sign", "aria-hidden": "true" }, title.slice(0, 1).toUpperCase());
  sign.style.setProperty("--hue", [...app].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 0));
  node.append(sign, element("div", "", element("div", "", element("strong", "", title), " ", element("small", "", app)),
    ...[...parameters, ...(output ? [["gives", [{ variable: output }]]] : [])].map(line)));
  return node;
}

// ---------------------------------------------------------------------------------------------------------------------------------

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select"), step = { j: 1, k: -1 }[event.key];
  const up = !wide.matches && where.get("id") ? address({ id: "" }) : index.overview.length ? "" : "list=";
  if (event.key === "Escape" && typing) event.target.blur();
  else if (event.key === "Escape") location.hash = up;
  else if (!typing && event.key === "/") { event.preventDefault(); form.elements.q.focus(); }
  else if (!typing && step) move(step);
}

async function start() {
  [index, ...records] = await unpacked();
  document.title = document.querySelector("h1").textContent = index.title;
  byId("facts").textContent = index.facts;
  byId("to-list").textContent = index.noun;
  document.querySelector("nav").hidden = !index.overview.length;
  for (const row of records) // a group for each answer: the values that filters find together
    row.groups = (row.answers.length ? row.answers : [{}]).map((answer) =>
      Object.fromEntries(Object.entries({ ...row.facets, ...answer }).map(([key, value]) => [key, [value].flat()])));
  addFilters();
  byId("overview").append(...index.overview.map(drawnSection));
  form.addEventListener("input", () => go({ ...Object.fromEntries(new FormData(form)), id: "" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (shown.length) location.hash = address({ id: shown[0].id });
    record.focus({ preventScroll: true });
  });
  byId("more").onclick = () => byId("more").setAttribute("aria-expanded", String(form.classList.toggle("open")));
  list.addEventListener("click", () => record.focus({ preventScroll: true }));
  new IntersectionObserver(() => extend()).observe(byId("end"));
  addEventListener("popstate", () => { where = new URLSearchParams(location.hash.slice(1)); show(); });
  addEventListener("keydown", onKey);
  wide.addEventListener("change", () => { current = null; show(); });
  show();
  document.body.dataset.ready = "true";
  performance.mark("ready");
}

start();
