// What a student has written: kept in this browser as it is typed, under the hash of the numbers; saved to a file, and
// read from one, as byhand mark reads it.

const LONGEST_TEXT = 5000; // characters of an answer

class Answers {
  constructor(sheet, known) {
    this.sheet = sheet;
    this.known = known; // the ids of all blanks and replies, in the order of the page
    this.place = ["byhand", sheet.sheet, sheet.hash, ...(sheet.student ? [sheet.student.id] : [])].join(" ");
    this.texts = {}; // by id
    this.hints = {}; // by id: the highest step of help that was opened
    this.copied = new Set(); // copies that filled themselves
    this.settings = {};
    this.past = []; // what was changed, for undo: lists of [id, text before]
  }
  text(id) {
    return this.texts[id] ?? "";
  }
  // Write answers, all of which are undone together. changes: pairs of id and text.
  write(changes, { undone = false } = {}) {
    const before = changes.map(([id]) => [id, this.text(id)]);
    if (!undone) this.past.push(before);
    for (const [id, text] of changes) {
      if (text === "") delete this.texts[id];
      else this.texts[id] = text.slice(0, LONGEST_TEXT);
    }
    this.keep();
  }
  undo() {
    const before = this.past.pop();
    if (before) this.write(before, { undone: true });
    return before ?? [];
  }
  open(id, step) {
    this.hints[id] = Math.max(this.hints[id] ?? 0, step);
    this.keep();
  }
  clear() {
    [this.texts, this.hints, this.past] = [{}, {}, []];
    this.copied.clear();
    delete this.settings.uncovered;
    this.keep();
  }
  // The browser may forbid to keep anything; then the file that is saved is all there is.
  keep() {
    const { texts, hints, settings } = this;
    const done = [this.known.filter((id) => this.text(id)).length, this.known.length];
    try {
      localStorage.setItem(this.place, JSON.stringify({ texts, hints, settings, copied: [...this.copied], done }));
    } catch {
      this.forgets = true;
    }
  }
  recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.place) ?? "{}");
      const ids = new Set([...this.known, "name"]);
      const own = (table) => Object.fromEntries(Object.entries(table ?? {}).filter(([id]) => ids.has(id) || id.startsWith("picture ")));
      [this.texts, this.hints, this.settings] = [own(kept.texts), own(kept.hints), kept.settings ?? {}];
      this.copied = new Set(kept.copied);
    } catch {
      this.forgets = true;
    }
  }
  // With whose it is, if that is known: many may have the same numbers.
  get fileName() {
    const whose = (this.sheet.student?.id || this.text("name")).replace(/[^\p{L}\p{N}]+/gu, " ").trim().replaceAll(" ", "-");
    return [this.sheet.sheet, this.sheet.hash, ...(whose ? [whose] : []), "answers.json"].join("-");
  }
  get file() {
    const { schema, byhand, sheet, seed, hash, options, student: whose } = this.sheet;
    const answers = Object.fromEntries(this.known.filter((id) => this.text(id)).map((id) => [id, this.text(id)]));
    const asked = /^\d+$/.test(seed) ? { seed: Number(seed), options } : {};
    const student = { id: whose?.id ?? "", name: whose?.name || this.text("name"), hash, answers, ...(Object.keys(this.hints).length && { hints: this.hints }) };
    return `${JSON.stringify({ schema, byhand, sheet, ...asked, students: [student] }, null, 1)}\n`;
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
    const texts = Object.entries(student.answers).filter(([id]) => this.known.includes(id));
    this.write(this.known.map((id) => [id, `${new Map(texts).get(id) ?? ""}`]));
    this.hints = Object.fromEntries(Object.entries(student.hints ?? {}).filter(([id]) => this.known.includes(id)));
    this.keep();
    return "";
  }
}
