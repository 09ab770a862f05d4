// What is drawn on paper: a pen for the pictures, which the page completes once the answers are right that they are drawn
// from, and the dots of a pattern, which are drawn from the answers.

const SVG = "http://www.w3.org/2000/svg";
const DOT = 2.9; // mm: the radius of the dot of weight 1
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
    if (checks) checks.onMarks = () => this.pens.forEach((pen) => pen.complete(checks));
    this.dots = page.sections.flatMap((section) => {
      const tables = [...section.place.querySelectorAll("figure.grid, figure.entries")];
      return (section.figures ?? []).flatMap(({ dots }, at) => (dots === undefined ? [] : [this.framesOf(section, tables[at], dots)]));
    });
    page.onChange(() => this.draw());
  }
  // The frames of a pattern, each with the blank whose share its dot has.
  framesOf(section, figure, step) {
    const cells = this.page.blanksOf(section).filter((blank) => blank.step === step);
    const drawn = [...figure.querySelectorAll("svg path.frames")].map((path) => {
      const frames = [...path.getAttribute("d").matchAll(/M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)/g)].map(([, ...numbers]) => numbers.map(Number));
      const layer = shape("g", { class: "dots" });
      path.after(layer);
      return { frames, layer };
    });
    const [, columns] = this.page.sheet.steps[step].shape ?? [0, 0];
    return { step, cells, drawn, columns, section };
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
          const across = page.sheet.columns ? rows : columns;
          const [row, column] = [Math.floor(at / across), at % across];
          const [i, j] = page.sheet.columns ? [column, row] : [row, column];
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
  const [, says, drawing] = new TextDecoder().decode(bytes).match(/^(.*)\n([^]*)$/);
  return { says, drawing };
}

// A pen over a picture. What is drawn is kept with the answers of this browser, and printed. covered: what the key draws.
class Pen {
  constructor(page, figure, at, checks, covered) {
    Object.assign(this, { page, figure, at, checks, covered, id: `picture ${at}` });
    this.picture = figure.querySelector("svg");
    this.says = this.picture.getAttribute("aria-label");
    this.layer = shape("g", { class: "strokes" });
    this.drawn = shape("g", {});
    this.picture.append(this.drawn, this.layer);
    this.answers = [...page.rules.blanks.values()].filter(({ step, role }) => covered?.steps.includes(step) && role !== "copy").map(({ id }) => id);
    this.lines = page.answers.settings[this.id] ?? [];
    const say = (name) => page.say(name);
    this.toggle = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.turn() }, say("screen.pen.button"));
    this.rub = element("button", { type: "button", onclick: () => this.erase() }, say("screen.pen.back"));
    this.compare = element("button", { type: "button", "aria-pressed": "false", hidden: true, onclick: () => this.draw(!this.drawn.firstChild) }, say("screen.pen.compare"));
    this.told = element("span", { role: "status" });
    figure.append(element("div", { class: "tools" }, this.toggle, this.rub, this.compare, this.told));
    this.picture.addEventListener("pointerdown", (event) => this.begin(event));
    this.picture.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) this.picture.addEventListener(end, () => this.end());
    this.show();
  }
  // The picture is complete when all answers are right that it is drawn from. One that is drawn from none can be
  // compared with what a student drew.
  complete({ marks, way }) {
    const done = this.answers.length > 0 && this.answers.every((id) => marks.get(id) === "right");
    const isAsked = this.compare.ariaPressed === "true" && way !== "pencil" && !this.answers.length;
    if (!isAsked && done !== Boolean(this.drawn.firstChild)) this.draw(done);
    this.told.textContent = done ? this.page.say("screen.pen.drawn") : "";
    this.compare.hidden = !this.covered || this.answers.length > 0 || !this.lines.length || way === "pencil";
  }
  draw(whole) {
    const { says, drawing } = whole ? uncovered(this.page, this.covered) : { says: this.says, drawing: "" };
    this.drawn.innerHTML = drawing;
    this.picture.setAttribute("aria-label", says);
    this.compare.ariaPressed = `${whole}`;
  }
  turn() {
    const on = this.figure.classList.toggle("drawing");
    this.toggle.setAttribute("aria-pressed", `${on}`);
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
    this.lines.push(this.line);
  }
  go(event) {
    if (!this.line) return;
    this.line.push(this.point(event));
    this.show();
  }
  end() {
    if (this.line) this.keep();
    this.line = null;
  }
  erase() {
    this.lines.pop();
    this.keep();
  }
  keep() {
    this.page.answers.settings[this.id] = this.lines;
    this.page.answers.keep();
    this.show();
  }
  show() {
    this.rub.disabled = !this.lines.length;
    if (this.checks) this.complete(this.checks);
    const path = (line) => `M${line.map((point) => point.join(" ")).join("L")}${line.length === 1 ? "h.1" : ""}`;
    this.layer.replaceChildren(...this.lines.map((line) => shape("path", { d: path(line) })));
  }
}
