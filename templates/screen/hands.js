// Hands: keys that move by cell, what is typed as it is printed, a pad of keys on a phone, and a whole matrix pasted.

class Hands {
  constructor(page, help, checks) {
    Object.assign(this, { page, help, checks });
    for (const field of page.fields.values()) {
      for (const each of [field].flat()) {
        each.setAttribute("autocomplete", "off");
        if (each.tagName === "INPUT" && !each.matches(".tick")) each.setAttribute("spellcheck", "false");
      }
    }
    const main = document.querySelector("main");
    main.addEventListener("input", ({ target }) => this.typed(target));
    main.addEventListener("change", ({ target }) => this.left(target));
    main.addEventListener("keydown", (event) => this.pressed(event));
    main.addEventListener("paste", (event) => this.pasted(event));
    document.addEventListener("keydown", (event) => this.undone(event));
    document.addEventListener("focusin", ({ target }) => this.cross(target));
    if (window.matchMedia("(max-width: 700px), (pointer: coarse)").matches) this.pad = new Pad(this);
  }
  // Row and column of the cell in which one writes are tinted. That is no help: it says nothing that the page does not.
  cross(target) {
    for (const cell of document.querySelectorAll(".crossed")) cell.classList.remove("crossed");
    const own = this.page.blank(target) && target.closest("td");
    for (const row of own ? own.closest("table").rows : []) {
      const cells = [...row.cells].filter((cell) => cell.colSpan === 1 && (row === own.parentElement || columnOf(cell) === columnOf(own)));
      for (const cell of cells) cell.classList.add("crossed");
    }
  }
  // A text as it is typed: − for -, and −∞ for what stands for it.
  typed(field) {
    const { id } = field.dataset;
    if (id === undefined) return;
    const blank = this.page.blank(field);
    if (field.matches(".tick")) this.page.write([[id, field.checked ? field.value : ""]]);
    else if (blank && !["word", "text", "change"].includes(blank.role)) {
      const text = field.value.replace(/-/g, "−").replace(/^−(?:inf|oo|∞inity)$/i, "−∞");
      const at = field.selectionStart + text.length - field.value.length;
      this.page.write([[id, text]]);
      field.setSelectionRange(at, at);
    } else this.page.write([[id, field.value]]);
  }
  left(field) {
    const blank = this.page.blank(field);
    if (blank && /^[−-]?i$/i.test(field.value) && !["word", "text", "change"].includes(blank.role)) this.page.write([[blank.id, "−∞"]]);
    if (this.page.fields.has(field.dataset.id) && field.type !== "checkbox") this.checks?.asOneGoes(field);
  }
  pressed(event) {
    const field = event.target;
    if (!field.dataset?.id || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?" && this.page.blank(field) && this.help) {
      event.preventDefault();
      this.help.next();
      return;
    }
    if (field.matches("textarea, select, .tick")) return;
    const ends = { ArrowLeft: field.selectionEnd === 0, ArrowRight: field.selectionStart === field.value.length };
    if (event.key === "Enter") this.move(field, event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.step(field, event.key === "ArrowUp" ? -1 : 1, 0);
    else if (ends[event.key]) this.step(field, 0, event.key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  }
  // To the next field of the page, or to the one before.
  move(field, by) {
    const { order } = this.page;
    this.go(order[order.indexOf(field) + by] ?? (by > 0 ? this.page.beyond : undefined));
  }
  go(field) {
    if (!field) return;
    this.page.reveal(field);
    field.focus();
    field.select?.();
  }
  // To the next cell in a row or a column of a table; beyond its edge, to the next field.
  step(field, down, right) {
    const cell = field.closest("td");
    const row = cell?.parentElement;
    const inputs = (tr) => [...tr.querySelectorAll("td input:not(.tick)")];
    if (right && row) {
      const beside = inputs(row);
      const next = beside[beside.indexOf(field) + right];
      if (next) return this.go(next);
    }
    if (down && row) {
      const rows = [...row.closest("table").rows];
      for (let at = rows.indexOf(row) + down; rows[at]; at += down) {
        const next = inputs(rows[at]).find((each) => columnOf(each.closest("td")) === columnOf(cell));
        if (next) return this.go(next);
      }
    }
    return this.move(field, down || right);
  }
  // A whole matrix, from a spreadsheet or a program, into the cells from this one on.
  pasted(event) {
    const text = event.clipboardData.getData("text").trim();
    const field = event.target;
    if (field.tagName !== "INPUT" || !this.page.blank(field) || !field.closest("table") || !/[\t\n;]|\S[ ,]+\S/.test(text) || /^\S+ \d+\/\d+$/.test(text)) return;
    const rows = text.replace(/^[[({]+|[\])}]+$/g, "").split(/\n|;|\],/).map((line) => {
      const cells = line.replace(/[[\](){}]/g, " ").trim();
      return cells.split(cells.includes("\t") ? "\t" : /,\s+|,(?=\S*,)|\s+/).map((cell) => cell.trim()).filter(Boolean);
    });
    if (rows.length === 1 && rows[0].length === 1) return;
    event.preventDefault();
    const changes = [];
    const lines = [...field.closest("table").rows].filter((tr) => tr.querySelector("td input:not(.tick)"));
    const [top, left] = [lines.indexOf(field.closest("tr")), [...field.closest("tr").querySelectorAll("td input:not(.tick)")].indexOf(field)];
    rows.forEach((row, down) => {
      const fields = [...(lines[top + down]?.querySelectorAll("td input:not(.tick)") ?? [])].slice(left);
      row.forEach((cell, right) => {
        if (fields[right]) changes.push([fields[right].dataset.id, cell.replace(/^-/, "−").replace(/^−inf(inity)?$/i, "−∞")]);
      });
    });
    this.page.write(changes);
  }
  undone(event) {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
    if (event.target.matches("textarea, .practice input")) return; // where one writes words, the browser knows better
    event.preventDefault();
    this.go([this.page.undo()].flat()[0]);
  }
}

// What is pressed leaves the focus in the cell, and so these keys where they are.
const stay = (event) => event.target.closest("button") && event.preventDefault();

// The keys of a phone, at the lower edge of the screen, and over them the name of the cell and what it holds.
class Pad {
  constructor(hands) {
    this.hands = hands;
    const { page } = hands;
    const masks = page.sheet.steps.some(({ op }) => op === "mask_future") || !page.sheet.feedback;
    for (const field of page.fields.values()) if (page.blank(field) && this.isNumber(field)) field.setAttribute("inputmode", "none");
    const key = (text, name = text, type = text) => this.button(text, name, () => this.type(type));
    const keys = [
      ...["7", "8", "9"].map((digit) => key(digit)), this.button("⌫", page.say("screen.pad.back"), () => this.back()),
      ...["4", "5", "6"].map((digit) => key(digit)), key("−", page.say("screen.pad.minus")),
      ...["1", "2", "3"].map((digit) => key(digit)), key("/", page.say("screen.pad.fraction")),
      key("0"), key(".", page.say("screen.pad.point")),
      masks ? this.button("−∞", page.say("screen.pad.infinity"), () => this.fill("−∞")) : this.button("‹", page.say("screen.pad.before"), () => hands.move(this.field, -1)),
      this.button("›", page.say("screen.pad.next"), () => hands.move(this.field, 1)),
    ];
    this.name = element("span", { class: "cell" });
    this.text = element("output");
    const tools = [this.name, this.text];
    if (hands.help) tools.push(this.button(page.say("screen.help.title"), page.say("screen.help.title"), () => this.help(), "tool"));
    if (hands.checks) tools.push(this.button(page.say("screen.check"), page.say("screen.check"), () => hands.checks.check(page.sectionOf(this.field)), "tool"));
    this.place = element("div", { class: "pad", hidden: true }, element("div", { class: "tools" }, ...tools), element("div", { class: "keys" }, ...keys));
    document.body.append(this.place);
    document.addEventListener("focusin", ({ target }) => this.at(target));
    page.onChange(() => {
      this.echo();
      if (this.found) this.tell(null);
    });
    if (hands.checks) {
      hands.checks.onFound = (place) => this.tell(place);
      for (const { place } of hands.checks.boxes.values()) place.addEventListener("pointerdown", stay);
    }
  }
  isNumber(field) {
    return !["word", "text", "change"].includes(this.hands.page.blank(field)?.role);
  }
  button(text, name, act, kind = "") {
    return element("button", { type: "button", class: kind, "aria-label": name, onpointerdown: stay, onclick: act }, text);
  }
  at(target) {
    const { page } = this.hands;
    const shown = Boolean(page.blank(target)) && this.isNumber(target);
    if (shown) this.field = target;
    else if (this.place.contains(target)) return;
    if (this.found && !this.found.parentElement.contains(target)) this.tell(null);
    this.place.hidden = !shown;
    document.documentElement.classList.toggle("padded", shown);
    if (!shown) return;
    this.name.textContent = target.dataset.name;
    this.echo();
    document.documentElement.style.setProperty("--pad", `${window.innerHeight - this.place.getBoundingClientRect().top}px`);
    this.center();
  }
  help() {
    this.tell(null);
    this.hands.help.next();
  }
  // What a check found stays in sight, above these keys, until one types again, asks for help, or goes to another step.
  tell(place) {
    this.found?.classList.remove("told");
    this.found = place;
    place?.classList.add("told");
    document.documentElement.style.setProperty("--told", `${place ? place.offsetHeight + 8 : 0}px`);
    if (place?.parentElement.contains(this.field)) this.center();
  }
  // Bring the cell in which one writes to the middle of what can be seen.
  center() {
    if (!this.place.hidden) requestAnimationFrame(() => this.field.closest("td, figure").scrollIntoView({ block: "center", inline: "nearest" }));
  }
  echo() {
    if (this.field) this.text.textContent = this.field.value;
  }
  type(text) {
    const { field } = this;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    this.hands.typed(field);
  }
  back() {
    const { field } = this;
    if (field.selectionStart === field.selectionEnd && field.selectionStart) field.setSelectionRange(field.selectionStart - 1, field.selectionEnd);
    this.type("");
  }
  fill(text) {
    this.hands.page.write([[this.field.dataset.id, text]]);
  }
}
