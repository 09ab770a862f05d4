// What is drawn on paper: a pen and fields for the pictures, which the page completes once the answers are right that they
// are drawn from, and the dots of a pattern, which are drawn from the answers.

const SVG = "http://www.w3.org/2000/svg";
const DOT = 2.9; // mm: the radius of the dot of weight 1
const LINE = 4.8; // mm: the height of what is written on a line
const FINGER = 11.64; // mm: 44 pixels, with which a finger hits what it is meant for
const PHONE = 94.7; // mm: as wide as a phone without its margins
const LEAST = 6.35; // mm: 24 pixels, which a finger can hit; smaller boxes, and lines close under a box, are left to the pen
const shape = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

class Pictures {
  constructor(page, checks) {
    this.page = page;
    const { pictures = [] } = page.sheet;
    this.pens = [...document.querySelectorAll("main figure.picture")].map((figure, at) => new Pen(page, figure, at, checks, pictures[at]));
    checks?.onMarks(() => this.pens.forEach((pen) => pen.complete(checks)));
    this.dots = page.sections.flatMap((section) => {
      const tables = [...section.place.querySelectorAll("figure.grid, figure.entries")];
      return section.tables.flatMap(({ dots }, at) => (dots === undefined ? [] : [this.framesOf(tables[at], dots)]));
    });
    page.onChange(() => {
      this.draw();
      this.pens.forEach((pen) => pen.show());
    });
  }
  // The frames of a pattern's dots, in each drawing of a figure.
  framesOf(figure, step) {
    const drawn = [...figure.querySelectorAll("svg path.frames")].map((path) => {
      const frames = [...path.getAttribute("d").matchAll(/M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)/g)].map(([, ...numbers]) => numbers.map(Number));
      const layer = shape("g", { class: "dots" });
      path.after(layer);
      return { frames, layer };
    });
    return { step, drawn };
  }
  draw() {
    const { page } = this;
    if (!page.sheet.feedback) return;
    const judged = new Judged(page.rules, page.answers.texts);
    for (const { step, drawn } of this.dots) {
      const [rows, columns] = page.run.steps[step].shape;
      for (const { frames, layer } of drawn) {
        layer.replaceChildren();
        frames.forEach(([x, y, width, height], at) => {
          const turned = page.sheet.orientation === "columns";
          const across = turned ? rows : columns;
          const [row, column] = [Math.floor(at / across), at % across];
          const [i, j] = turned ? [column, row] : [row, column];
          const blank = [...page.rules.blanks.values()].find((each) => each.step === step && each.i === i && each.j === j && page.answers.text(each.id));
          const reading = blank && judged.reading(blank);
          if (reading?.kind !== "number") return;
          const weight = toFloat(reading.values[0]);
          if (!(weight > 0)) return;
          layer.append(shape("circle", { cx: x + width / 2, cy: y + height / 2, r: (DOT * Math.sqrt(Math.min(weight, 1))).toFixed(2) }));
        });
      }
    }
  }
}

// What the key draws into a picture, and says of it: both are covered with the numbers that it is drawn from.
function uncovered({ sheet, run }, { steps, pen }) {
  const numbers = steps.flatMap((step) => {
    const [rows, columns] = run.steps[step].shape;
    return Array.from({ length: rows * columns }, (_, at) => run.text(step, Math.floor(at / columns), at % columns));
  });
  let state = seal(`${sheet.sheet}/${numbers.join(" ")}`);
  const bytes = Uint8Array.from(atob(pen), (letter) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return letter.charCodeAt(0) ^ (state & 255);
  });
  const [, says, answers, drawing] = new TextDecoder().decode(bytes).match(/^(.*)\n(.*)\n([^]*)$/);
  return { says, answers: answers.split("\t"), drawing };
}

// Whether what stands in a field says what the key has there, also as a decimal that is rounded.
function isAlike(text, right) {
  if (text.trim().toLowerCase() === right.toLowerCase()) return true;
  const [{ values, places }, key] = [read(text), read(right)];
  const close = (a, b) => isClose(a, b) || (places > 1 && Math.abs(a - b) <= 0.5 / 10 ** places);
  return values.some((value) => key.values.some((other) => close(toFloat(value), toFloat(other))));
}

// A pen over a picture, and its fields. What is drawn is kept with the answers of this browser, and printed. covered: what the key draws.
class Pen {
  constructor(page, figure, at, checks, covered) {
    Object.assign(this, { page, figure, at, checks, covered, id: `picture ${at}` });
    this.picture = figure.querySelector("svg");
    this.says = this.picture.getAttribute("aria-label");
    this.layer = shape("g", { class: "strokes" });
    this.drawn = shape("g", {});
    this.picture.append(this.drawn, this.layer);
    this.answers = [...page.rules.blanks.values()].filter(({ step, role }) => covered?.steps.includes(step) && role !== "copy").map(({ id }) => id);
    this.line = null; // that is being drawn
    this.fields = this.fieldsOver([...this.picture.querySelectorAll(".blank")]);
    this.phone = matchMedia("(max-width: 700px)");
    const say = (name) => page.say(name);
    this.toggle = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.turn() }, say("screen.pen.button"));
    this.rub = element("button", { type: "button", onclick: () => this.erase() }, say("screen.pen.back"));
    this.compare = element("button", { type: "button", "aria-pressed": "false", hidden: true, onclick: () => this.turnKey() }, say("screen.pen.compare"));
    this.told = element("span", { role: "status" });
    this.larger = element("button", { type: "button", class: "larger", "aria-pressed": "false", onclick: () => this.enlarge(!this.isLarge) }, say("screen.pen.larger"));
    figure.append(element("div", { class: "tools" }, this.toggle, this.rub, this.compare, this.larger, this.told));
    this.picture.addEventListener("click", (event) => this.phone.matches && this.needsRoom && this.tap(event));
    figure.addEventListener("focusin", ({ target }) => {
      if (!target.matches(".fields input") || !this.phone.matches || !this.needsRoom || this.isLarge) return;
      this.enlarge(true);
      target.scrollIntoView({ block: "nearest", inline: "center" });
    });
    this.picture.addEventListener("pointerdown", (event) => this.begin(event));
    this.picture.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) this.picture.addEventListener(end, () => this.end());
    this.show();
  }
  get lines() {
    return this.page.answers.settings[this.id] ?? [];
  }
  get isLarge() {
    return this.figure.classList.contains("large");
  }
  // On a phone a picture is as wide as the screen, or so large that a finger hits all that one writes or draws in.
  enlarge(large, { clientX = 0, clientY = 0 } = {}) {
    const before = this.picture.getBoundingClientRect();
    if (large === this.isLarge) return;
    this.figure.classList.toggle("large", large);
    this.larger.setAttribute("aria-pressed", `${large}`);
    if (!clientX) return;
    const after = this.picture.getBoundingClientRect(); // what was tapped stays under the finger
    const [across, down] = [(clientX - before.left) / before.width, (clientY - before.top) / before.height];
    this.picture.closest(".port").scrollLeft = across * after.width - clientX + before.left;
    window.scrollBy({ top: after.top + down * after.height - clientY, behavior: "instant" });
  }
  // What was tapped becomes larger under the finger, and if it is a field, one writes there.
  tap(event) {
    this.enlarge(true, event);
    const place = document.elementFromPoint(event.clientX, event.clientY)?.closest(".fields span");
    place?.click();
    place?.scrollIntoView({ block: "nearest", inline: "center" });
  }
  // A field over each box and each line to write on, kept with the answers.
  fieldsOver(blanks) {
    const { page, picture } = this;
    const { width, height } = picture.viewBox.baseVal;
    picture.id = `picture-${this.at}`;
    const all = blanks.map((blank, at) => ({ at, box: blank.getBBox() }));
    const isUnder = (line, { box }) => box.height > 0 && box.x < line.x + line.width && line.x < box.x + box.width && box.y < line.y && box.y + box.height > line.y - LEAST;
    const boxes = all.filter(({ box }) => (box.height ? Math.min(box.width, box.height) >= LEAST : !all.some((other) => isUnder(box, other))));
    const above = (line) => all.filter(({ box }) => box !== line && box.x < line.x + line.width && line.x < box.x + box.width && box.y < line.y);
    const room = (line) => Math.min(FINGER, ...above(line).map(({ box }) => line.y - box.y - box.height), line.y);
    const sizes = boxes.map(({ box }) => (box.height ? Math.min(box.width, box.height) : Math.max(LINE, room(box))));
    const targets = [...sizes, ...all.filter(({ box }) => box.height).map(({ box }) => Math.min(box.width, box.height)), ...(this.figure.dataset.target ? [Number(this.figure.dataset.target)] : [])];
    const large = targets.length ? width * Math.max(1, FINGER / Math.min(...targets)) : width;
    this.needsRoom = large > PHONE;
    this.figure.classList.toggle("needy", this.needsRoom);
    const places = boxes.map(({ at, box: { x, y, width: wide, height: high } }, n) => {
      const [id, name] = [`${this.id}/${at + 1}`, page.say("screen.pen.box", { n: at + 1, of: blanks.length })];
      const field = element("input", { "data-id": id, "data-name": name, "aria-label": name, "aria-describedby": picture.id, autocomplete: "off", spellcheck: "false" });
      const place = element("span", { class: high ? "number" : "", onclick: () => field.focus() }, field);
      const percent = (length, whole) => `${(100 * length) / whole}%`;
      Object.assign(place.style, { left: percent(x, width), bottom: percent(height - y - high, height), width: percent(wide, width), height: percent(high || sizes[n], height) });
      if (!high) field.style.height = percent(LINE, sizes[n]);
      place.style.fontSize = `${(100 * Math.min(high ? 0.5 * high : 0.6 * LINE, 0.48 * wide)) / width}cqw`;
      page.fields.set(id, field);
      place.at = at;
      return place;
    });
    const over = element("div", { class: "over" });
    over.style.setProperty("--large", `${large}mm`);
    const port = element("div", { class: "port" }, over);
    picture.replaceWith(port);
    over.append(picture, element("div", { class: "fields" }, ...places));
    return places;
  }
  // What is right in the fields: words can be right in many ways, and only numbers are said to be wrong.
  states() {
    this.known ??= uncovered(this.page, this.covered);
    return this.fields.map((place) => {
      const text = this.page.answers.text(place.firstChild.dataset.id);
      if (text && isAlike(text, this.known.answers[place.at])) return "right";
      return text && place.className ? "not" : "";
    });
  }
  tell(states) {
    this.fields.forEach((place, at) => {
      const [field, state] = [place.firstChild, states[at]];
      if (state) place.dataset.state = state;
      else delete place.dataset.state;
      field.ariaLabel = field.dataset.name + (state ? `, ${this.page.say(`screen.state.${state}`)}` : "");
    });
  }
  // The picture is complete when all answers are right that it is drawn from, and what stands in its fields, of which a
  // line may be empty. Before, and if it is drawn from no answers, it can be compared with what a student drew and wrote.
  complete({ marks, way }) {
    const { answers, fields } = this;
    const isOpen = Boolean(this.covered) && way !== "pencil" && answers.every((id) => marks.get(id) === "right");
    this.asked &&= isOpen;
    const states = isOpen && (answers.length || this.asked) ? this.states() : [];
    const isRight = states.length === fields.length && fields.every((place, at) => states[at] === "right" || !(place.className || place.firstChild.value));
    const done = isOpen && (this.asked || (answers.length > 0 && isRight));
    this.tell(states);
    if (done !== Boolean(this.drawn.firstChild)) this.draw(done);
    this.told.textContent = done && answers.length ? this.page.say("screen.pen.drawn") : "";
    const hasOwn = answers.length || this.lines.length || fields.some(({ firstChild }) => firstChild.value);
    this.compare.hidden = !isOpen || !hasOwn || (done && !this.asked);
    this.compare.ariaPressed = `${Boolean(this.asked)}`;
  }
  turnKey() {
    this.asked = !this.asked;
    this.complete(this.checks);
  }
  // Draw what the key draws, which states() has uncovered, or nothing.
  draw(whole) {
    const { says, drawing } = whole ? this.known : { says: this.says, drawing: "" };
    this.drawn.innerHTML = drawing;
    this.picture.setAttribute("aria-label", says);
    this.figure.classList.toggle("whole", whole);
    for (const { firstChild } of this.fields) firstChild.readOnly = whole;
  }
  turn() {
    const on = this.figure.classList.toggle("drawing");
    this.toggle.setAttribute("aria-pressed", `${on}`);
    if (on && this.needsRoom && this.phone.matches) this.enlarge(true);
  }
  point(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.picture.getScreenCTM().inverse());
    return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
  }
  begin(event) {
    if (!this.figure.classList.contains("drawing") || event.button) return;
    event.preventDefault();
    this.picture.setPointerCapture(event.pointerId);
    this.line = [this.point(event)];
  }
  go(event) {
    if (!this.line) return;
    this.line.push(this.point(event));
    this.show();
  }
  end() {
    const line = this.line;
    this.line = null;
    if (line) this.keep([...this.lines, line]);
  }
  erase() {
    this.keep(this.lines.slice(0, -1));
  }
  keep(lines) {
    this.page.answers.choose(this.id, lines);
    this.show();
  }
  show() {
    this.rub.disabled = !this.lines.length;
    if (this.checks) this.complete(this.checks);
    const drawn = this.line ? [...this.lines, this.line] : this.lines;
    const path = (line) => `M${line.map((point) => point.join(" ")).join("L")}${line.length === 1 ? "h.1" : ""}`;
    this.layer.replaceChildren(...drawn.map((line) => shape("path", { d: path(line) })));
  }
}
