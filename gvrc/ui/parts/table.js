// A real table whose cells lead on: one element of the page however many rows it has, at home for keyboards and screen readers.
//
// data: {label, columns: [{title, align, width}], has_head, height, chosen, rows: [[cell]]}, made by gvrc/ui/tables.py. A cell is a text, or
// {text, runs, open, href, colour, sign, fill, help, is_strong, is_row, choice}: `open` is what Python is told when it is clicked, `href` where it leads in a new tab.
// `choice` is {tag, name, values, may_type}. Tells Python `open`, and `choose`: [tag, text].

const tables = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let box = tables.get(parentElement);
  if (!box) {
    box = made("div", "gvrc-table");
    tables.set(parentElement, box);
    parentElement.append(box);
  }
  box.choose = (tag, text) => setTriggerValue("choose", [tag, text]);
  fill(box, data, id => setTriggerValue("open", id));
  return () => {
    box.remove();
    tables.delete(parentElement);
  };
}

function fill(box, data, tell) {
  const shown = JSON.stringify(data), scrolled = box.scrollTop;
  box.tell = tell;
  if (shown === box.shown) return;
  box.redraw = () => {
    box.shown = "";
    fill(box, data, tell);
  };
  const isSameTable = box.shown !== undefined && data.rows.length === box.rows;
  Object.assign(box, { shown, rows: data.rows.length });
  box.style.maxHeight = data.height ? `${data.height}px` : "";
  const table = made("table");
  table.setAttribute("aria-label", data.label);
  table.append(widths(data.columns));
  if (data.has_head) table.append(head(data.columns));
  const body = made("tbody");
  data.rows.forEach((cells, number) => body.append(row(box, data, cells, number)));
  table.append(body);
  box.replaceChildren(table);
  box.scrollTop = isSameTable ? scrolled : 0;
  if (data.height) Object.assign(box, { tabIndex: 0, role: "region", ariaLabel: data.label });
}

function widths(columns) {
  const group = made("colgroup");
  for (const { width } of columns) {
    const column = made("col");
    if (width) column.style.width = `${width}px`;
    group.append(column);
  }
  return group;
}

function head(columns) {
  const line = made("tr");
  for (const { title, align } of columns) {
    const cell = made("th", align);
    cell.scope = "col";
    cell.textContent = title;
    line.append(cell);
  }
  const top = made("thead");
  top.append(line);
  return top;
}

function row(box, data, cells, number) {
  const line = made("tr"), leading = cells.find(cell => cell?.open !== undefined && cell.is_row);
  if (number === data.chosen) line.setAttribute("aria-current", "true");
  if (leading) {
    line.className = "gvrc-leads";
    line.onclick = event => {
      if (!event.target.closest("a") && !getSelection().toString()) box.tell(leading.open);
    };
  }
  cells.forEach((cell, index) => line.append(field(box, data, data.columns[index], cell)));
  return line;
}

function field(box, data, { align }, cell) {
  const place = made("td", align);
  if (cell === null || typeof cell !== "object") {
    place.append(...breakable(cell ?? ""));
    return place;
  }
  if (cell.fill) place.style.background = `rgba(${cell.fill[0]},${cell.fill[1]},${cell.fill[2]},${(cell.fill[3] ?? 255) / 255})`;
  if (cell.help) place.title = cell.help;
  if (cell.choice) {
    place.append(selection(box, data, cell));
    return place;
  }
  const inner = cell.open === undefined ? made("span") : link(box, cell);
  if (cell.colour) inner.classList.add("gvrc-badge", `gvrc-${cell.colour}`);
  if (cell.is_strong) inner.classList.add("gvrc-strong");
  if (cell.sign) inner.append(sign(cell.sign));
  if (cell.runs) inner.append(...cell.runs.map(([text, way]) => said(text, way)));
  else inner.append(...breakable(cell.text));
  place.append(inner);
  return place;
}

function said(text, way) {
  const words = made("span", `gvrc-${way}`);
  words.append(...breakable(text));
  return words;
}

// Addresses may break at their joints, and a word no column could hold anywhere, so that they do not push the other columns off the page.
const BREAKS = /(?<=\S{20})(?=\S{6})|(?<=[a-z][.@_/-])(?=[a-z])/i;

function breakable(text) {
  const pieces = String(text).split(BREAKS);
  return pieces.flatMap((piece, number) => number ? [made("wbr"), piece] : [piece]);
}

// A list of the values, and below them, where something else may be typed, the way to a field for it.
function selection(box, data, { text, choice: { tag, name, values, may_type } }) {
  const list = made("select"), other = String(values.length), absent = String(-1);
  list.ariaLabel = name;
  if (!values.includes(text)) list.append(new Option(data.words.absent, absent, true, true));
  values.forEach((value, number) => list.append(new Option(value, String(number), value === text, value === text)));
  if (may_type) list.append(new Option(data.words.other, other));
  list.onchange = () => {
    if (list.value === other) list.replaceWith(typing(box, { text, tag, name }));
    else if (list.value !== absent) box.choose(tag, values[Number(list.value)]);
  };
  return list;
}

function typing(box, { text, tag, name }) {
  const input = made("input");
  Object.assign(input, { type: "text", value: text, maxLength: 500, ariaLabel: name });
  const tell = () => input.value.trim() && input.value !== text && box.choose(tag, input.value.trim());
  input.onchange = tell;
  input.onkeydown = event => {
    event.stopPropagation();  // letters typed are no shortcuts of the page
    if (event.key === "Escape") box.redraw();
  };
  requestAnimationFrame(() => input.select());
  return input;
}

function link(box, cell) {
  const anchor = made("a");
  anchor.href = cell.href;
  anchor.onclick = event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    box.tell(cell.open);
  };
  return anchor;
}

function sign(name) {
  const letters = made("span", "gvrc-sign");
  letters.setAttribute("aria-hidden", "true");
  letters.textContent = name;
  return letters;
}

function made(tag, className = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  return element;
}
