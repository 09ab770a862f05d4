// What is drawn on paper: a pen for the pictures, and the dots of a pattern, which are drawn from the answers.

const SVG = "http://www.w3.org/2000/svg";
const DOT = 2.9; // mm: the radius of the dot of weight 1
const shape = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

class Pictures {
  constructor(page) {
    this.page = page;
    this.pens = [...document.querySelectorAll("main figure.picture")].map((figure, at) => new Pen(page, figure, at));
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

// A pen over a picture. What is drawn is kept with the answers of this browser, and printed.
class Pen {
  constructor(page, figure, at) {
    Object.assign(this, { page, figure, at, id: `picture ${at}` });
    this.picture = figure.querySelector("svg");
    this.layer = shape("g", { class: "strokes" });
    this.picture.append(this.layer);
    this.lines = page.answers.settings[this.id] ?? [];
    const say = (name) => page.say(name);
    this.toggle = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.turn() }, say("screen.pen.button"));
    this.rub = element("button", { type: "button", onclick: () => this.erase() }, say("screen.pen.back"));
    figure.append(element("div", { class: "tools" }, this.toggle, this.rub));
    this.picture.addEventListener("pointerdown", (event) => this.begin(event));
    this.picture.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) this.picture.addEventListener(end, () => this.end());
    this.show();
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
    const path = (line) => `M${line.map((point) => point.join(" ")).join("L")}${line.length === 1 ? "h.1" : ""}`;
    this.layer.replaceChildren(...this.lines.map((line) => shape("path", { d: path(line) })));
  }
}
