// A map on a plain canvas: outlines, circles, points, lines. It asks nothing of any host and needs no graphics card.
//
// data: {label, words, colours, view, outlines, counties, circles, places, lines, chosen, picked}, made by gvrc/ui/map_drawing.py; `places` is JSON text.
// Tells Python `pick`: {layer, id, more} of what was clicked, or {layer: null} for the empty ground.

const PLACE_PX = 8, SMALL_PX = 4, REACH_PX = 4, STILL_PX = 4, MOST_SIGNS = 1500, LABEL_FONT = "700 12px 'Source Sans', sans-serif";
const UNITS = 1000, LEAST_SCALE = 60, GREATEST_SCALE = 5e6, ZOOM_STEP = 1.6, PAN_PX = 60, MARGIN = 0.92;

const across = longitude => (longitude / 360) * UNITS;
const down = latitude => {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return (-Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * UNITS;
};
const css = ([red, green, blue, alpha = 255]) => `rgba(${red},${green},${blue},${alpha / 255})`;
const located = each => ({ ...each, x: across(each.at[0]), y: down(each.at[1]) });
const maps = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let map = maps.get(parentElement);
  if (!map) maps.set(parentElement, (map = new CountryMap(parentElement)));
  map.tell = value => setTriggerValue("pick", value);
  map.show(data);
  return () => {
    map.close();
    maps.delete(parentElement);
  };
}

class CountryMap {
  constructor(parent) {
    this.box = document.createElement("div");
    this.box.className = "gvrc-map";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.tip = document.createElement("div");
    this.tip.className = "gvrc-map-tip";
    this.tip.hidden = true;
    this.buttons = ["in", "out", "all"].map(name => this.button(name));
    const row = document.createElement("div");
    row.className = "gvrc-map-buttons";
    row.append(...this.buttons);
    this.box.append(this.canvas, row, this.tip);
    parent.append(this.box);
    this.pen = this.canvas.getContext("2d");
    this.fingers = new Map();
    this.drawn = 0;
    this.listen();
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.box);
  }

  button(name) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = { in: "+", out: "−", all: "⤢" }[name];
    made.onclick = () => (name === "all" ? this.lookAt(this.data.view) : this.zoom(name === "in" ? ZOOM_STEP : 1 / ZOOM_STEP));
    made.dataset.name = name;
    return made;
  }

  close() {
    this.watcher.disconnect();
    this.box.remove();
  }

  // ---------------------------------------------------------------------------------------------------------------- what is shown

  show(data) {
    const seen = JSON.stringify(data.view);
    this.data = data;
    this.box.style.height = `${data.height}px`;
    this.canvas.setAttribute("aria-label", data.label);
    for (const button of this.buttons) {
      button.title = button.ariaLabel = data.words[button.dataset.name] ?? "";
      button.hidden = !button.title;
    }
    if (this.outlined !== data.outlines.length) {
      this.outlines = data.outlines.map(outlineOf);
      this.outlined = data.outlines.length;
    }
    this.places = JSON.parse(data.places).map(located);
    this.circles = data.circles.map(located);
    this.chosen = data.chosen.map(located);
    this.lines = data.lines.map(([from, to]) => [across(from[0]), down(from[1]), across(to[0]), down(to[1])]);
    this.picked = new Set(data.picked);
    this.radius = this.places.length <= MOST_SIGNS ? PLACE_PX : SMALL_PX;
    this.stamps = new Map();
    this.tip.hidden = true;
    this.size();
    if (seen !== this.seen) this.lookAt(data.view);
    else this.draw();
    this.seen = seen;
  }

  size() {
    const { clientWidth: width, clientHeight: height } = this.box, ratio = window.devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    Object.assign(this, { width, height, ratio, stamps: new Map() });
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    return true;
  }

  fit() {
    const was = this.width;
    if (!this.data || !this.size()) return;
    if (was) this.draw();
    else this.lookAt(this.data.view);
  }

  lookAt([west, south, east, north]) {
    const left = across(west), right = across(east), top = down(north), bottom = down(south);
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    this.scale = Math.min(this.width / (right - left), this.height / (bottom - top)) * MARGIN || 1;
    this.draw();
  }

  zoom(factor, atX = this.width / 2, atY = this.height / 2) {
    const scale = Math.min(GREATEST_SCALE, Math.max(LEAST_SCALE, this.scale * factor)), dx = atX - this.width / 2, dy = atY - this.height / 2;
    this.x += dx / this.scale - dx / scale;
    this.y += dy / this.scale - dy / scale;
    this.scale = scale;
    this.soon();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.soon();
  }

  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  // ---------------------------------------------------------------------------------------------------------------- drawing

  left(x) { return (x - this.x) * this.scale + this.width / 2; }
  top(y) { return (y - this.y) * this.scale + this.height / 2; }
  isNear(left, top, room) { return left > -room && top > -room && left < this.width + room && top < this.height + room; }

  draw() {
    if (!this.width || !this.data) return;
    const { pen, ratio } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawOutlines();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawLines();
    for (const circle of this.circles) this.drawCircle(circle);
    for (const place of this.places) this.drawPlace(place);
    this.drawChosen();
    this.canvas.dataset.drawn = String(++this.drawn);
  }

  drawOutlines() {
    const { pen, ratio, scale } = this, { area, edge } = this.data.colours, fills = this.data.counties;
    pen.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * this.left(0), ratio * this.top(0));
    pen.lineWidth = 1 / scale;
    pen.strokeStyle = css(edge);
    for (const { code, path } of this.outlines) {
      pen.fillStyle = css(fills[code]?.fill ?? area);
      pen.fill(path, "evenodd");
      pen.stroke(path);
    }
  }

  drawLines() {
    const { pen } = this;
    pen.strokeStyle = css(this.data.colours.text);
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [fromX, fromY, toX, toY] of this.lines) {
      pen.moveTo(this.left(fromX), this.top(fromY));
      pen.lineTo(this.left(toX), this.top(toY));
    }
    pen.stroke();
  }

  drawCircle({ x, y, radius, label }) {
    const { pen } = this, left = this.left(x), top = this.top(y), { primary, ground } = this.data.colours;
    if (!this.isNear(left, top, radius)) return;
    disc(pen, left, top, radius, css(primary), css(ground));
    letters(pen, label, left, top, css(ground));
  }

  drawPlace({ x, y, id, colour, sign }) {
    const left = this.left(x), top = this.top(y), side = this.radius + 2;
    if (!this.isNear(left, top, side)) return;
    this.pen.globalAlpha = this.picked.size && !this.picked.has(id) ? 0.3 : 1;
    this.pen.drawImage(this.stamp(colour, sign), left - side, top - side, 2 * side, 2 * side);
    this.pen.globalAlpha = 1;
  }

  stamp(colour, sign) {
    const name = `${colour} ${sign}`;
    if (!this.stamps.has(name)) {
      const side = this.radius + 2, stamp = document.createElement("canvas"), pen = stamp.getContext("2d"), ground = css(this.data.colours.ground);
      stamp.width = stamp.height = 2 * side * this.ratio;
      pen.scale(this.ratio, this.ratio);
      disc(pen, side, side, this.radius, css(colour), ground);
      if (this.radius === PLACE_PX) letters(pen, sign, side, side, ground);
      this.stamps.set(name, stamp);
    }
    return this.stamps.get(name);
  }

  drawChosen() {
    const { pen } = this;
    pen.strokeStyle = css(this.data.colours.text);
    pen.lineWidth = 3;
    for (const { x, y } of this.chosen) {
      pen.beginPath();
      pen.arc(this.left(x), this.top(y), 14, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- what is under the pointer

  under(left, top) {
    const isAt = (each, radius) => (this.left(each.x) - left) ** 2 + (this.top(each.y) - top) ** 2 <= (radius + REACH_PX) ** 2;
    const place = this.places.findLast(each => isAt(each, this.radius));
    if (place) return { layer: "places", id: place.id, tip: place.tip };
    const circle = this.circles.findLast(each => isAt(each, each.radius));
    if (circle) return { layer: "circles", id: circle.code ?? null, tip: circle.tip };
    return this.countyUnder(left, top);
  }

  countyUnder(left, top) {
    const x = (left - this.width / 2) / this.scale + this.x, y = (top - this.height / 2) / this.scale + this.y, { pen } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const found = this.outlines.find(({ path }) => pen.isPointInPath(path, x, y, "evenodd"));
    const county = found && this.data.counties[found.code];
    return { layer: county?.pick ? "counties" : null, id: county?.pick ? found.code : null, tip: county?.tip ?? found?.name ?? "" };
  }

  hover(event) {
    const { left, top } = this.at(event), { layer, tip } = this.under(left, top);
    this.canvas.style.cursor = layer ? "pointer" : "grab";
    this.tip.hidden = !tip;
    if (this.tip.textContent !== tip) this.tip.textContent = tip;
    this.tip.style.transform = `translate(${Math.min(left + 12, this.width - this.tip.offsetWidth - 4)}px, ${Math.min(top + 12, this.height - this.tip.offsetHeight - 4)}px)`;
  }

  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { left: event.clientX - left, top: event.clientY - top };
  }

  listen() {
    const { canvas } = this;
    canvas.onpointerdown = event => {
      canvas.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, this.at(event));
      this.isClick = this.fingers.size === 1;
      this.from = this.at(event);
    };
    canvas.onpointermove = event => (this.fingers.has(event.pointerId) ? this.drag(event) : this.hover(event));
    canvas.onpointerup = event => {
      this.fingers.delete(event.pointerId);
      if (this.isClick) this.click(event);
      this.isClick = false;
    };
    canvas.onpointercancel = event => this.fingers.delete(event.pointerId);
    canvas.onpointerleave = () => (this.tip.hidden = true);
    canvas.addEventListener("wheel", event => {
      event.preventDefault();
      const { left, top } = this.at(event);
      this.zoom(Math.exp(-event.deltaY * 0.002), left, top);
    }, { passive: false });
    canvas.onkeydown = event => this.key(event);
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId), now = this.at(event), other = [...this.fingers.entries()].find(([id]) => id !== event.pointerId)?.[1];
    if (Math.hypot(now.left - this.from.left, now.top - this.from.top) > STILL_PX) this.isClick = false;
    if (this.isClick) return;
    this.tip.hidden = true;
    this.fingers.set(event.pointerId, now);
    if (other) {
      const spread = point => Math.hypot(point.left - other.left, point.top - other.top) || 1;
      this.zoom(spread(now) / spread(before), (now.left + other.left) / 2, (now.top + other.top) / 2);
    } else this.pan(now.left - before.left, now.top - before.top);
  }

  click(event) {
    if (!this.data.words.all) return;  // a small map is looked at, nothing is chosen on it
    const { left, top } = this.at(event), { layer, id } = this.under(left, top);
    if (id !== null || this.picked.size) this.tell({ layer: id === null ? null : layer, id, more: event.shiftKey || event.ctrlKey || event.metaKey });
  }

  key(event) {
    const step = { ArrowLeft: [PAN_PX, 0], ArrowRight: [-PAN_PX, 0], ArrowUp: [0, PAN_PX], ArrowDown: [0, -PAN_PX] }[event.key];
    if (step) this.pan(...step);
    else if (event.key === "+" || event.key === "=") this.zoom(ZOOM_STEP);
    else if (event.key === "-") this.zoom(1 / ZOOM_STEP);
    else if (event.key === "0") this.lookAt(this.data.view);
    else return;
    event.preventDefault();
  }
}

function outlineOf({ code, name, rings }) {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([longitude, latitude], number) => path[number ? "lineTo" : "moveTo"](across(longitude), down(latitude)));
    path.closePath();
  }
  return { code, name, path };
}

function disc(pen, left, top, radius, fill, rim) {
  pen.beginPath();
  pen.arc(left, top, radius, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
  pen.strokeStyle = rim;
  pen.lineWidth = 1;
  pen.stroke();
}

function letters(pen, text, left, top, colour) {
  pen.font = LABEL_FONT;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = colour;
  pen.fillText(text, left, top + 0.5);
}
