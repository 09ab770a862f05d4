// The page: its fields by the ids of their blanks, the bar with progress, and what each part of the script does with it.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The column in which a cell of a table begins, from 0.
function columnOf(cell) {
  const cells = [...cell.parentElement.children];
  return cells.slice(0, cells.indexOf(cell)).reduce((sum, { colSpan }) => sum + colSpan, 0);
}

class Page {
  constructor(sheet) {
    this.sheet = prepared(sheet);
    this.run = sheet.feedback ? new Run(sheet) : null;
    this.rules = new Rules(sheet, this.run ?? { steps: sheet.steps, unknown: new Map() });
    this.replies = sheet.sections.flatMap((section) => section.replies);
    this.known = [...this.rules.blanks.keys(), ...this.replies.map(({ id }) => id)];
    this.answers = new Answers(sheet, this.known);
    this.answers.recall();
    this.sections = [...document.querySelectorAll("main section:not(.able)")].map((place, at) => ({ place, ...sheet.sections[at], at }));
    this.fields = this.foundFields();
    this.listeners = [];
    this.reveal = () => {}; // with an element that is to be seen
    this.beyond = undefined; // what comes after the last field that can be seen
    this.answers.onMerged = (ids) => {
      ids.forEach((id) => this.show(id));
      this.tell(ids);
    };
    document.documentElement.classList.add("answers");
    for (const section of this.sections) section.place.id = `step-${section.at}`;
  }
  // A text, with places filled in. Of a text with a singular and a plural, the one for the number n.
  say(name, places = {}) {
    const found = textOf(this.sheet, name);
    const text = typeof found === "string" ? found : found?.[places.n === 1 ? "one" : "other"] ?? name;
    return text.replace(/\{(\w+)\}/g, (whole, place) => places[place] ?? whole);
  }
  // The field of each blank and reply, by id; a choice has a list of boxes.
  foundFields() {
    const blanks = [...this.rules.blanks.values()];
    const found = new Map();
    for (const field of document.querySelectorAll("main :is(input, textarea, select)")) {
      if (field.type === "radio") found.set(field.name, [...(found.get(field.name) ?? []), field]);
      else if (/^\d+$/.test(field.name)) found.set(blanks[field.name].id, field);
      else found.set(field.name, field);
    }
    for (const [id, field] of found) {
      for (const each of [field].flat()) {
        each.dataset.id = id;
        each.dataset.name = each.getAttribute("aria-label") ?? "";
      }
    }
    return found;
  }
  blank(field) {
    return this.rules.blanks.get(field?.dataset?.id);
  }
  field(blank) {
    return this.fields.get(blank.id);
  }
  blanksOf(section) {
    return [...this.rules.blanks.values()].filter((blank) => blank.section === section.at);
  }
  sectionOf(field) {
    const place = field.closest("section");
    return this.sections.find((section) => section.place === place);
  }
  idsOf(section) {
    return section ? [...this.blanksOf(section), ...section.replies].map(({ id }) => id) : [];
  }
  called({ number, title }) {
    return number ? `${number} ${title}` : title;
  }
  // Show a text in the field of an id.
  show(id) {
    const [field, text] = [this.fields.get(id), this.answers.text(id)];
    if (Array.isArray(field)) for (const box of field) box.checked = box.value === text;
    else if (field) field.value = field.tagName === "INPUT" ? text.replace(/^-/, "−") : text;
  }
  showAll() {
    for (const id of this.fields.keys()) this.show(id);
    this.tell(this.known);
  }
  // Write answers, as a person types them or something fills them in, and tell all who listen.
  write(changes) {
    const ids = changes.map(([id]) => id);
    for (const id of ids) this.answers.copied.delete(id);
    this.answers.write(changes);
    ids.forEach((id) => this.show(id));
    this.tell(ids);
  }
  undo() {
    const ids = this.answers.undo().map(([id]) => id);
    ids.forEach((id) => this.show(id));
    this.tell(ids);
    return ids.length ? this.fields.get(ids[0]) : null;
  }
  onChange(listener) {
    this.listeners.push(listener);
  }
  tell(ids) {
    for (const listener of this.listeners) listener(ids);
  }
  // Every field where one types, in the order of the page.
  get order() {
    return [...document.querySelectorAll("main :is(input:not(.tick), textarea, select)[data-id]")].filter((field) => field.offsetParent !== null);
  }
}

// The student's name, on its line at the head of the page, where it is not printed there.
function nameField(page) {
  const line = document.querySelector("header .line.name");
  if (!line || page.sheet.student?.name) return;
  const label = line.textContent.trim();
  const field = element("input", { "aria-label": label, autocomplete: "off", maxlength: LONGEST_NAME });
  page.fields.set("name", field);
  field.addEventListener("input", () => page.answers.write([["name", field.value]], { undone: true }));
  line.append(field);
}

// Boxes that one ticks for oneself: at a check by hand, and at what one can do now.
function ownTicks(page) {
  for (const [at, sign] of [...document.querySelectorAll("main span.tick")].entries()) {
    const box = element("input", { type: "checkbox", class: "tick", value: "✓", "data-id": `tick ${at}` });
    page.fields.set(box.dataset.id, [box]);
    const line = sign.parentElement;
    sign.replaceWith(box);
    line.append(element("label", {}, ...line.childNodes));
  }
}

// A copy fills itself with the student's own number, or with the printed one: copying is no learning.
class Copies {
  constructor(page) {
    this.page = page;
    this.from = new Map();
    for (const blank of page.rules.blanks.values()) {
      if (blank.role === "copy" && page.field(blank)) this.from.set(blank, this.source(blank));
    }
    page.onChange(() => this.fill());
    this.fill();
  }
  // What a copy is copied from: a blank, or a printed number; also where it is a cell of several matrices side by side.
  source(blank) {
    const { rules, run } = this.page;
    let at = run ? rules.rule(blank).slice(1) : [blank.step, blank.i, blank.j];
    let shown = rules.shown(blank, key(...at));
    while (shown === undefined && run && !run.isGiven(at[0]) && run.rule(...at)[0] === "ref") {
      at = run.rule(...at).slice(1);
      shown = rules.source(blank.section, key(...at));
    }
    return shown === null && run ? shownNumber(run.text(...at)) : shown;
  }
  fill() {
    const { answers } = this.page;
    const changes = [];
    for (const [blank, source] of this.from) {
      const isOwn = answers.text(blank.id) && !answers.copied.has(blank.id);
      const text = typeof source === "string" ? source : source ? answers.text(source.id) : "";
      if (isOwn || text === answers.text(blank.id)) continue;
      if (text) answers.copied.add(blank.id);
      changes.push([blank.id, text]);
    }
    if (!changes.length) return;
    answers.write(changes, { undone: true });
    changes.forEach(([id]) => this.page.show(id));
    this.page.tell(changes.map(([id]) => id)); // a copy may be copied again
  }
}

// The bar: title, progress by step, and what can be done with the answers.
class Bar {
  constructor(page, checks, variants) {
    Object.assign(this, { page, checks });
    this.onAgain = () => {};
    const say = (name, places) => page.say(name, places);
    this.steps = page.sections.filter((section) => page.idsOf(section).length);
    this.links = this.steps.map((section) => element("a", { href: `#${section.place.id}`, onclick: () => this.go(section) }, element("span")));
    this.count = element("span", { class: "count" });
    this.open = element("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.read() });
    this.status = element("span", { class: "said", role: "status" });
    const button = (name, act, more = {}) => element("button", { type: "button", onclick: act, ...more }, say(name));
    this.theme = element("button", { type: "button", onclick: () => this.turn() });
    const save = () => button("screen.save", () => this.save(), { class: "main" });
    const onPhone = window.matchMedia("(max-width: 700px)").matches;
    const items = [
      ...(onPhone ? [save(), this.theme] : []),
      button("screen.open.button", () => this.open.click()),
      button("screen.print", () => window.print()),
      button("screen.undo", () => page.undo()?.focus?.()),
      button("screen.again.button", () => this.again()),
      ...(variants.all.length ? [button("screen.numbers", () => variants.next())] : []),
    ];
    if (checks) items.push(this.ways());
    this.menu = element("details", { class: "menu" }, element("summary", {}, say("screen.more")), element("div", { class: "items" }, ...items));
    this.place = element(
      "div",
      { class: "bar" },
      element("div", { class: "row" },
        element("b", { class: "title" }, page.sheet.title),
        element("nav", { class: "progress", "aria-label": say("screen.steps") }, ...this.links),
        this.count,
        ...(onPhone ? [] : [save(), this.theme]),
        this.menu,
      ),
      this.status,
      this.open,
    );
    document.body.prepend(this.place);
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${this.place.offsetHeight}px`)).observe(this.place);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.menu.open) this.menu.open = false;
    });
    document.addEventListener("click", (event) => {
      if (!this.menu.contains(event.target)) this.menu.open = false;
    });
    page.onChange(() => this.show());
    document.addEventListener("focusin", (event) => this.here(event.target));
    this.dark(page.answers.settings.dark ?? null);
  }
  // The choice of when the page says what is right.
  ways() {
    const ways = ["asked", "going", "pencil"].map((way) => {
      const box = element("input", { type: "radio", name: "way", value: way, onchange: () => this.checks.choose(way) });
      box.checked = this.checks.way === way;
      return element("label", {}, box, this.page.say(`screen.way.${way}`));
    });
    return element("fieldset", {}, element("legend", {}, this.page.say("screen.way.title")), ...ways);
  }
  show() {
    const { page } = this;
    const filled = (ids) => ids.filter((id) => page.answers.text(id)).length;
    const all = filled(page.known);
    const done = all > page.answers.copied.size ? all : 0; // a copy of a printed number fills itself before all else
    this.count.textContent = page.say("screen.cells", { n: page.known.length, done });
    this.steps.forEach((section, at) => {
      const ids = page.idsOf(section);
      const link = this.links[at];
      const n = ids.length;
      link.firstChild.style.width = `${(100 * filled(ids)) / n}%`;
      link.title = page.say("screen.step", { name: page.called(section), done: filled(ids), n });
      link.setAttribute("aria-label", link.title);
    });
  }
  // The step in which one writes is told on the bar and on the map.
  here(target) {
    const section = this.page.sectionOf(target);
    if (!section) return;
    this.steps.forEach((each, at) => {
      if (each === section) {
        this.links[at].setAttribute("aria-current", "step");
        const row = this.links[at].parentElement; // a phone shows some of its links
        row.scrollLeft = this.links[at].offsetLeft - row.clientWidth / 2;
      } else this.links[at].removeAttribute("aria-current");
    });
    for (const text of document.querySelectorAll(".map text")) {
      text.classList.toggle("here", text.textContent === `${section.number}` && section.number > 0);
    }
  }
  go(section) {
    this.page.reveal(section.place);
    section.place.classList.remove("folded");
    const first = this.page.idsOf(section).find((id) => !this.page.answers.text(id)) ?? this.page.idsOf(section)[0];
    setTimeout(() => [this.page.fields.get(first)].flat()[0]?.focus({ preventScroll: false }));
  }
  tell(name, places) {
    this.status.textContent = this.page.say(name, places);
  }
  save() {
    const { answers } = this.page;
    const address = URL.createObjectURL(new Blob([answers.file], { type: "application/json" }));
    element("a", { href: address, download: answers.fileName }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    this.tell("screen.saved", { file: answers.fileName });
  }
  async read() {
    const [file] = this.open.files;
    if (!file) return;
    const fault = this.page.answers.read(await file.text());
    this.open.value = "";
    if (fault) this.tell(fault);
    else {
      this.page.showAll();
      this.tell("screen.opened", { file: file.name });
    }
  }
  again() {
    if (!window.confirm(this.page.say("screen.again.sure"))) return;
    this.page.answers.clear();
    this.page.showAll();
    this.onAgain();
  }
  turn() {
    this.dark(!document.documentElement.classList.contains("dark"));
    this.page.answers.choose("dark", document.documentElement.classList.contains("dark"));
  }
  // null: as the system has it.
  dark(chosen) {
    const system = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const dark = chosen ?? system;
    document.documentElement.classList.toggle("dark", dark);
    this.theme.textContent = this.page.say(dark ? "screen.light" : "screen.dark");
  }
}

// Marks and checks: what of a step is right, told in three steps: how many, in which rows, which cells.
class Checks {
  constructor(page, help) {
    Object.assign(this, { page, help });
    this.marks = new Map(); // by id: the state that is shown
    this.way = page.answers.settings.way ?? "asked"; // one checks when one asks, as one goes, or not at all: with pencil and paper
    this.markListeners = [];
    this.onFound = () => {}; // with the box in which it is told what was found
    this.mistakes = null;
    this.boxes = new Map(page.sections.filter((section) => this.idsOf(section).length).map((section) => [section, this.box(section)]));
    for (const [section, box] of this.boxes) section.place.append(box.place);
    page.onChange((ids) => this.forget(ids));
  }
  onMarks(listener) {
    this.markListeners.push(listener);
  }
  tellMarks() {
    for (const listener of this.markListeners) listener();
  }
  // What can be checked: blanks that are no copies, and choices.
  idsOf(section) {
    const blanks = this.page.blanksOf(section).filter(({ role }) => role !== "copy");
    return [...blanks, ...section.replies.filter(({ id }) => id in this.page.sheet.seals)].map(({ id }) => id);
  }
  box(section) {
    const say = (name) => this.page.say(name);
    const said = element("p", { class: "found", role: "status" });
    const rows = element("button", { type: "button", hidden: true, onclick: () => this.tellRows(section) }, say("screen.which_row"));
    const cells = element("button", { type: "button", hidden: true, onclick: () => this.tellCells(section) }, say("screen.which_cell"));
    const next = element("button", { type: "button", hidden: true, onclick: () => this.next(section) }, say("screen.next"));
    const notes = element("ul", { class: "notes" });
    const check = element("button", { type: "button", class: "main check", onclick: () => this.check(section) }, say("screen.check"));
    const place = element("div", { class: "checks" }, check, element("div", { class: "result" }, said, element("div", { class: "ladder" }, rows, cells, next), notes));
    return { place, said, rows, cells, next, notes };
  }
  judged() {
    return new Judged(this.page.rules, this.page.answers.texts);
  }
  choose(way) {
    if (way !== this.way) this.page.answers.choose("way", way);
    this.way = way;
    document.documentElement.classList.toggle("pencil", way === "pencil");
    if (way === "pencil") this.forget([...this.marks.keys()]);
    if (way === "going") for (const section of this.boxes.keys()) this.mark(section);
    this.tellMarks();
  }
  // Mark again what was marked when the page was left.
  recall() {
    const marked = this.way === "pencil" ? [] : this.page.answers.settings.marked ?? [];
    this.choose(this.way);
    for (const section of this.boxes.keys()) if (this.idsOf(section).some((id) => marked.includes(id))) this.mark(section, marked);
  }
  keep() {
    this.page.answers.choose("marked", [...this.marks.keys()]);
  }
  asOneGoes(field) {
    if (this.way !== "going") return;
    const section = this.page.sectionOf(field);
    this.page.answers.add("checks", field.dataset.id);
    this.mark(section);
    if (this.marks.get(field.dataset.id) === "not") setTimeout(() => this.explain(section));
  }
  // The state of an answer: empty, right, own, not or unread.
  state(judged, id) {
    const reply = this.page.replies.find((each) => each.id === id);
    if (reply) {
      const text = this.page.answers.text(id);
      if (!text) return "empty";
      return isSealed(this.page.sheet, id, text) ? "right" : "not";
    }
    return { right: "right", followed: "own", wrong: "not", missing: "empty", unreadable: "unread" }[judged.judgement(this.page.rules.blanks.get(id)).verdict];
  }
  states(section) {
    const judged = this.judged();
    return new Map(this.idsOf(section).map((id) => [id, this.state(judged, id)]));
  }
  check(section) {
    const box = this.boxes.get(section);
    this.page.answers.add("checks", this.idsOf(section)[0]);
    const states = [...this.states(section).values()];
    const count = (...of) => states.filter((state) => of.includes(state)).length;
    const [right, own, not, empty] = [count("right"), count("own"), count("not", "unread"), count("empty")];
    const say = (name, places) => this.page.say(name, places);
    const parts = [];
    if (right + own + not === 0) parts.push(say("screen.found.nothing"));
    else if (!not && !empty) parts.push(own ? say("screen.found.all_own", { n: own }) : say("screen.found.all", { n: right }));
    else {
      parts.push(say("screen.found.stand", { n: right + own, of: right + own + not }));
      if (own) parts.push(say("screen.found.own", { n: own }));
      if (not) parts.push(say("screen.found.not", { n: not }));
      if (empty) parts.push(say("screen.found.empty", { n: empty }));
    }
    box.said.textContent = parts.join(" ");
    box.rows.hidden = !not || this.rowsOf(section).size === 0;
    box.cells.hidden = !not;
    box.next.hidden = Boolean(not || empty) || this.after(section) === undefined;
    box.notes.replaceChildren();
    if (!not) this.mark(section);
    this.onFound(box.place);
  }
  rowsOf(section) {
    const rows = new Map();
    for (const [id, state] of this.states(section)) {
      const row = [this.page.fields.get(id)].flat()[0]?.closest("tr")?.querySelector("th[scope=row]")?.textContent;
      if (row && (state === "not" || state === "unread")) rows.set(row, (rows.get(row) ?? 0) + 1);
    }
    return rows;
  }
  tellRows(section) {
    const { place, said, rows, cells } = this.boxes.get(section);
    said.textContent = this.page.say("screen.found.rows", { labels: [...this.rowsOf(section).keys()].join(", ") });
    if (document.activeElement === rows) cells.focus();
    rows.hidden = true;
    this.onFound(place);
  }
  tellCells(section) {
    const { rows, cells } = this.boxes.get(section);
    this.mark(section);
    rows.hidden = cells.hidden = true;
    const first = [...this.marks].find(([id, state]) => state === "not" && this.idsOf(section).includes(id));
    if (first) [this.page.fields.get(first[0])].flat()[0].focus();
    setTimeout(() => this.explain(section));
  }
  // Show the state of each answer of a step, by a shape and in words.
  mark(section, only = null) {
    for (const [id, state] of this.states(section)) {
      if (state === "empty" || (only && !only.includes(id))) continue;
      this.marks.set(id, state);
      this.show(id);
    }
    const all = this.idsOf(section).every((id) => ["right", "own"].includes(this.marks.get(id)));
    section.place.classList.toggle("done", all);
    this.keep();
    this.tellMarks();
  }
  show(id) {
    const state = this.marks.get(id);
    for (const field of [this.page.fields.get(id)].flat()) {
      const place = field.type === "radio" ? field.closest("label") ?? field.parentElement : field.closest("td") ?? field.parentElement;
      const told = field.type === "radio" && !field.checked ? undefined : state;
      place.dataset.state = told ?? "";
      if (!told) delete place.dataset.state;
      field.setAttribute("aria-label", told ? `${field.dataset.name}, ${this.page.say(`screen.state.${told}`)}` : field.dataset.name);
    }
  }
  // What changed is not checked any more, nor what is computed from it.
  forget(ids) {
    const changed = new Set(ids);
    const before = this.marks.size;
    for (const id of [...this.marks.keys()]) {
      const blank = this.page.rules.blanks.get(id);
      if (changed.has(id) || (blank && this.page.rules.reads(blank).some((each) => changed.has(each.id)))) {
        changed.add(id);
        this.marks.delete(id);
        this.show(id);
        this.page.sections[blank?.section ?? this.page.sections.findIndex(({ replies }) => replies.some((reply) => reply.id === id))]?.place.classList.remove("done");
      }
    }
    if (this.marks.size < before) this.keep();
    this.tellMarks();
  }
  diagnosis() {
    this.mistakes ??= this.page.sheet.mistakes.map((mistake) => new Mistake(this.page.rules, mistake));
    return new Diagnosis(this.judged(), this.mistakes);
  }
  // What may have happened, in the words of a marked page: one note for a mistake, or for a slip that is made again.
  explain(section) {
    const { place, notes } = this.boxes.get(section);
    const diagnosis = this.diagnosis();
    const found = new Map();
    const practice = new Practice(this.page, this.help, diagnosis);
    for (const id of this.idsOf(section)) {
      const { note, places } = this.page.rules.changes.has(id) ? diagnosis.judged.judgement(this.page.rules.blanks.get(id)) : {};
      if (note && ["not", "unread"].includes(this.marks.get(id))) {
        const text = this.page.say(`construction.${note}`, places);
        if (!found.has(text)) found.set(text, { text, ids: [] });
        found.get(text).ids.push(id);
        continue;
      }
      if (this.marks.get(id) === "unread") found.set(`unread ${id}`, { text: this.page.say("screen.unread", { text: this.page.answers.text(id) }), ids: [id] });
      if (this.marks.get(id) !== "not" || !diagnosis.wrong.has(id)) continue;
      const said = diagnosis.said(id);
      const text = this.reason(said);
      if (!text) continue;
      if (!found.has(text)) found.set(text, { text, ids: [], said });
      found.get(text).ids.push(id);
    }
    notes.replaceChildren(...[...found.values()].map(({ text, ids, said }) => {
      const names = ids.map((id) => this.page.fields.get(id).dataset.name).slice(0, 4).join("; ");
      const isNamed = said && said.kind !== "unexplained" && !said.other;
      return element("li", {}, element("b", {}, `${names}${ids.length > 4 ? " …" : ""}: `), text, isNamed ? practice.button(ids, said) : null);
    }));
    this.help.show();
    this.onFound(place);
  }
  reason({ kind, foil, sure, other }) {
    const say = (name, places) => this.page.say(name, places);
    if (kind === "unexplained") return say("marked.once_more");
    if (kind === "foil") {
      const told = `${say(`mistakes.${foil}.told`)} ${say(`mistakes.${foil}.mend`)}`;
      return sure ? told : say("marked.perhaps_foil", { told });
    }
    const told = say(`slips.${kind}.told`);
    if (other) return say("marked.either", { told, other: say(`slips.${other}.told`) });
    const said = sure ? say("marked.sure", { told: told[0].toUpperCase() + told.slice(1) }) : say("marked.perhaps", { told });
    return `${said} ${say(`slips.${kind}.mend`)}`;
  }
  after(section) {
    return this.page.sections.slice(section.at + 1).find((each) => this.page.idsOf(each).length);
  }
  // Go on to the next step; the one that is done folds.
  next(section) {
    const after = this.after(section);
    this.page.reveal(after.place);
    section.place.classList.add("folded");
    const heading = section.place.querySelector("h2");
    if (!heading.querySelector("button")) {
      const unfold = element("button", { type: "button", class: "unfold", onclick: () => section.place.classList.toggle("folded") }, this.page.say("screen.unfold"));
      heading.append(" ", unfold);
    }
    const id = this.page.idsOf(after).find((each) => !this.page.answers.text(each)) ?? this.page.idsOf(after)[0];
    [this.page.fields.get(id)].flat()[0].focus();
    after.place.scrollIntoView({ block: "start" });
  }
}
