// What a student has written: kept in this browser as it is typed, under the hash of the numbers; saved to a file, and
// read from one, as byhand mark reads it.

const LONGEST_TEXT = 5000; // characters of an answer
const LONGEST_NAME = 60;
const PAUSE = 300; // seconds: of a longer one, in which one may do anything, so much counts as work

// What is kept in this browser, and is no answer: drawings, fields of pictures, guesses, and boxes that one ticks for oneself.
const isBeside = (name) => /^(picture|tick|guess)\s/.test(name);

class Answers {
  constructor(sheet, known) {
    this.sheet = sheet;
    this.known = known; // the ids of all blanks and replies, in the order of the page
    this.place = ["byhand", sheet.sheet, sheet.hash, ...(sheet.student ? [sheet.student.id] : [])].join(" ");
    this.texts = {}; // by id
    this.hints = {}; // by id: the highest step of help that was opened
    this.settings = {}; // by name
    this.times = { texts: {}, hints: {}, settings: {} }; // when each of these was written, or taken away
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
  // By the number of a step: how often it was checked, and how long one worked there.
  get work() {
    return this.settings.work ?? { checks: {}, seconds: {} };
  }
  add(what, id, n = 1) {
    const [{ work }, step] = [this, parseInt(id)]; // an id begins with that number
    work[what][step] = (work[what][step] ?? 0) + n;
    this.choose("work", work);
  }
  // One goes to a blank of a step, or elsewhere: the time since one went to another belongs to the step of that.
  worked(id) {
    const [at, { last }] = [performance.now() / 1000, this];
    if (last?.id) this.add("seconds", last.id, Math.min(at - last.at, PAUSE));
    this.last = { at, id };
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
    for (const name of ["uncovered", "work", ...Object.keys(this.settings).filter(isBeside)]) this.put("settings", name);
    this.past = [];
    this.copied.clear();
    this.keep();
  }
  // Keep all this with what other windows have kept. The browser may forbid it; then the file that is saved is all there is.
  keep() {
    this.recall();
    const { texts, hints, settings, times } = this;
    const done = [this.known.filter((id) => this.text(id)).length, this.known.length];
    const text = JSON.stringify({ texts, hints, settings, times, copied: [...this.copied], done });
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
    const [ids, copied] = [new Set([...this.known, "name"]), new Set(kept.copied)];
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
    const student = { id: whose?.id ?? "", name: whose?.name || this.text("name"), hash, answers, hints: this.hints, ...this.work };
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
    const { checks = {}, seconds = {} } = student;
    this.put("settings", "work", { checks, seconds });
    this.write([...this.known.map((id) => [id, `${student.answers[id] ?? ""}`]), ...name]);
    return "";
  }
}
