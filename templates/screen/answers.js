// What a student has written: kept in this browser as it is typed, under the hash of the numbers; saved to a file, and
// read from one, as byhand mark reads it.

const LONGEST_TEXT = 5000; // characters of an answer
const LONGEST_NAME = 60;
const LONGEST_PAUSE = 300000; // ms: of a longer one, in which one may do anything, so much counts as work

// What is kept in this browser, and is no answer: drawings, fields of pictures, and boxes that one ticks for oneself.
const isBeside = (name) => /^(picture|tick) /.test(name);

const stepOf = (id) => id.split("/")[0];

class Answers {
  constructor(sheet, known) {
    this.sheet = sheet;
    this.known = known; // the ids of all blanks and replies, in the order of the page
    this.place = ["byhand", sheet.sheet, sheet.hash, ...(sheet.student ? [sheet.student.id] : [])].join(" ");
    this.texts = {}; // by id
    this.hints = {}; // by id: the highest step of help that was opened
    this.checks = {}; // by the number of a step: how often the page said what is right there
    this.seconds = {}; // by the number of a step: how long one worked there
    this.settings = {}; // by name
    this.spent = {}; // ms that are not yet among these seconds
    this.times = { texts: {}, hints: {}, checks: {}, seconds: {}, settings: {} }; // when each of these was written, or taken away
    this.copied = new Set(); // copies that filled themselves
    this.past = []; // what was changed, for undo: lists of [id, text before]
    this.same = null; // the text that was kept with all of this, and no more
    this.onMerged = () => {}; // with the ids of the texts that another window has changed
    window.addEventListener("storage", ({ key: place, newValue }) => {
      if (place !== this.place || newValue === null) return;
      this.recall(newValue);
      if (this.recall()) this.keep(); // it was written over what this window has
    });
  }
  text(id) {
    return this.texts[id] ?? "";
  }
  // Put an entry into a table, or take it away: later than what stood there, even if the clock was put back.
  put(table, id, entry) {
    const times = this.times[table];
    times[id] = Math.max(Date.now(), (times[id] ?? 0) + 1);
    this.same = null;
    this.set(table, id, entry);
  }
  set(table, id, entry = "") {
    if (entry === "") delete this[table][id];
    else this[table][id] = entry;
  }
  // Write answers, all of which are undone together. changes: pairs of id and text.
  write(changes, { undone = false } = {}) {
    const before = changes.map(([id]) => [id, this.text(id)]);
    if (!undone) this.past.push(before);
    for (const [id, text] of changes) this.put("texts", id, text.slice(0, LONGEST_TEXT));
    this.keep();
  }
  undo() {
    const before = this.past.pop();
    if (before) this.write(before, { undone: true });
    return before ?? [];
  }
  open(id, step) {
    this.put("hints", id, Math.max(this.hints[id] ?? 0, step));
    this.keep();
  }
  checked(id) {
    this.recall();
    const step = stepOf(id);
    this.put("checks", step, (this.checks[step] ?? 0) + 1);
    this.keep();
  }
  // A sign of work in a step: the time since the one before belongs to the step of that.
  work(step) {
    const [now, { at, before }] = [Date.now(), this.last ?? {}];
    if (before) this.spent[before] = (this.spent[before] ?? 0) + Math.min(Math.max(now - at, 0), LONGEST_PAUSE);
    this.last = { at: now, before: step };
  }
  count() {
    for (const [step, spent] of Object.entries(this.spent)) {
      if (spent < 1000) continue;
      this.put("seconds", step, (this.seconds[step] ?? 0) + Math.floor(spent / 1000));
      this.spent[step] = spent % 1000;
    }
  }
  choose(name, setting) {
    this.put("settings", name, setting);
    this.keep();
  }
  // What is empty from now on stays empty, whatever another window wrote before.
  clear() {
    this.recall();
    for (const id of new Set([...this.known, ...Object.keys(this.texts)])) this.put("texts", id);
    for (const id of this.known) this.put("hints", id);
    for (const table of ["checks", "seconds"]) for (const step of Object.keys(this[table])) this.put(table, step);
    for (const name of ["uncovered", ...Object.keys(this.settings).filter(isBeside)]) this.put("settings", name);
    this.past = [];
    this.copied.clear();
    this.keep();
  }
  // Keep all this with what other windows have kept. The browser may forbid it; then the file that is saved is all there is.
  keep() {
    this.recall();
    this.count();
    const { texts, hints, checks, seconds, settings, times } = this;
    const done = [this.known.filter((id) => this.text(id)).length, this.known.length];
    const text = JSON.stringify({ texts, hints, checks, seconds, settings, times, copied: [...this.copied], done });
    try {
      localStorage.setItem(this.place, text);
      this.same = text;
    } catch {
      this.same = null;
    }
  }
  // Take over what is kept, by this window before or by another one. True if it lacks what this window has.
  recall(kept = null) {
    let found = null;
    let text = null;
    try {
      text = kept ?? localStorage.getItem(this.place) ?? "{}";
      if (text === this.same) return false;
      found = this.merge(Object(JSON.parse(text)));
    } catch {
      return false; // the browser forbids it, or something else wrote there
    }
    this.same = found.lacks ? null : text;
    if (found.isNew) this.onMerged(found.changed);
    return found.lacks;
  }
  // Of each entry, the one that was written last counts. What has no time was kept before there were times.
  merge(kept) {
    const [ids, copied] = [new Set([...this.known, ...this.known.map(stepOf), "name"]), new Set(kept.copied)];
    const changed = new Set();
    let [isNew, lacks] = [false, false];
    for (const [table, own] of Object.entries(this.times)) {
      const [entries, times] = [kept[table] ?? {}, kept.times?.[table] ?? {}];
      for (const id of Object.keys({ ...entries, ...times, ...own })) {
        if (table !== "settings" && !ids.has(id) && !isBeside(id)) continue;
        const [theirs, ours] = [times[id] ?? (id in entries ? 0 : -1), own[id] ?? -1];
        const [other, entry] = [entries[id], this[table][id]].map((each) => JSON.stringify(each ?? ""));
        const isNewer = theirs > ours || (theirs === ours && other > entry); // at the same time: in all windows the same
        lacks ||= !isNewer && (ours > theirs || entry > other);
        if (!isNewer) continue;
        isNew = true;
        if (table === "texts" && entry !== other) changed.add(id);
        if (table === "texts") this.copied[copied.has(id) ? "add" : "delete"](id);
        own[id] = theirs;
        this.set(table, id, entries[id]);
      }
    }
    this.past = this.past.map((changes) => changes.filter(([id]) => !changed.has(id))).filter(({ length }) => length);
    return { changed: [...changed], isNew, lacks };
  }
  // With whose it is, if that is known: many may have the same numbers.
  get fileName() {
    const whose = (this.sheet.student?.id || this.text("name")).replace(/[^\p{L}\p{N}]+/gu, " ").trim().replaceAll(" ", "-");
    return [this.sheet.sheet, this.sheet.hash, ...(whose ? [whose] : []), "answers.json"].join("-");
  }
  get file() {
    const { byhand, sheet, seed, hash, options, student: whose } = this.sheet;
    const answers = Object.fromEntries(this.known.filter((id) => this.text(id)).map((id) => [id, this.text(id)]));
    const asked = /^\d+$/.test(seed) ? { seed: Number(seed), options } : {};
    this.count();
    const { hints, checks, seconds } = this;
    const student = { id: whose?.id ?? "", name: whose?.name || this.text("name"), hash, answers, hints, checks, seconds };
    return `${JSON.stringify({ schema: 1, byhand, sheet, ...asked, students: [student] }, null, 1)}\n`;
  }
  // The answers of a file; a message where it holds none of this sheet.
  read(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      return "screen.open.unreadable";
    }
    const student = Array.isArray(file?.students) ? file.students[0] : file;
    if (typeof student?.answers !== "object" || student.answers === null) return "screen.open.unreadable";
    if (file.sheet !== this.sheet.sheet || (student.hash && student.hash !== this.sheet.hash)) return "screen.open.other";
    const name = student.name ? [["name", `${student.name}`.slice(0, LONGEST_NAME)]] : [];
    for (const id of this.known) this.put("hints", id, student.hints?.[id]);
    for (const table of ["checks", "seconds"]) for (const step of new Set(this.known.map(stepOf))) this.put(table, step, student[table]?.[step]);
    this.write([...this.known.map((id) => [id, `${student.answers[id] ?? ""}`]), ...name]);
    return "";
  }
}
