// Verdicts: right, followed (right from the student's own numbers), wrong, missing or unreadable; as
// byhand/marking/rules.py and verdicts.py have them.

const LEAST_PRECISE = new Fraction(10n ** BigInt(SIGNIFICANT - 1)); // units of its last place in a decimal of so many significant digits
const ALL = "*"; // for all printed numbers, the student's own
const NOT_FOLLOWING = "does not follow from what stands before";

// The cells of stretches: of each, row and column of the first, and how many follow in its row; a negative number of them
// follows in its column.
function cellsOf(stretches) {
  const found = [];
  for (let at = 0; at < stretches.length; at += 3) {
    const [i, j, count] = stretches.slice(at, at + 3);
    for (let k = 0; k < Math.abs(count); k++) found.push(count > 0 ? [i, j + k] : [i + k, j]);
  }
  return found;
}

// The sections of a sheet with their blanks, and where a reader of each section finds a place of the run.
class Rules {
  constructor(sheet, run) {
    this.sheet = sheet;
    this.run = run;
    this.blanks = new Map();
    this.fronts = [];
    this.found = new Map();
    this.readBy = new Map();
    this.under = new Map();
    sheet.sections.forEach((section, at) => this.front(section, at));
    this.changes = new Map(sheet.sections.flatMap(({ changes }) => changes ?? []).flatMap((change) => change.ids.map((id) => [id, change])));
    this.asked = new Set([...this.blanks.values()].filter((b) => ["ask", "entry", "word"].includes(b.role)).map((b) => b.step));
    for (const blank of this.blanks.values()) {
      if (blank.role === "inverse" && blank.rule) run.unknown.set(placeOf(blank), parsed(blank.rule));
    }
  }
  front(section, at) {
    const front = new Map();
    for (const [role, step, stretches, more] of section.seen) {
      const cells = cellsOf(stretches);
      const count = cells.length;
      for (const [i, j] of count ? cells : [[]]) {
        let shown = null; // printed
        if (role) {
          const id = more?.id ?? `${section.number}/${role}/${this.run.steps[step].name}/${i + 1},${j + 1}`;
          const place = count ? { step, i, j } : { step: null };
          shown = { id, role, section: at, of: step, places: null, ...more, ...place };
          this.blanks.set(id, shown);
        }
        if (count && !front.has(key(step, i, j))) front.set(key(step, i, j), shown);
      }
    }
    this.fronts.push(front);
  }
  // What stands for a place where a reader of a section looks for it: a blank, null if it is printed, or undefined.
  source(section, place) {
    for (let at = section; at >= 0; at--) if (this.fronts[at].has(place)) return this.fronts[at].get(place);
    return undefined;
  }
  // The student's latest blank for a place in a section before this one.
  own(section, place) {
    for (let at = section - 1; at >= 0; at--) if (this.fronts[at].get(place)) return this.fronts[at].get(place);
    return undefined;
  }
  shown(blank, place) {
    if (blank.role === "copy" && place === placeOf(blank)) {
      const own = this.fronts[blank.section].get(place); // what the section itself asks for
      if (own && own.role !== "copy") return own;
      return blank.section ? this.source(blank.section - 1, place) : undefined;
    }
    return this.source(blank.section, place);
  }
  rule(blank) {
    switch (blank.role) {
      case "ask":
      case "entry":
      case "word":
        return this.run.rule(blank.step, blank.i, blank.j);
      case "copy":
        return ["ref", this.copied(blank), blank.i, blank.j];
      case "size":
        return blank.rule ? (blank.tree ??= parsed(blank.rule)) : null;
    }
    return null;
  }
  // The step that a copy is copied from: its own, or where that stands nowhere and changes no number of a matrix, that one.
  copied(blank) {
    const { step } = blank;
    if (this.run.isGiven(step) || this.shown(blank, placeOf(blank)) !== undefined) return step;
    const [rows, columns] = this.run.steps[step].shape;
    const isSame = (other) => {
      if (key(...this.run.steps[other].shape) !== key(rows, columns)) return false;
      for (let k = 0; k < rows * columns; k++) {
        const at = [Math.floor(k / columns), k % columns];
        if (this.run.text(other, ...at) !== this.run.text(step, ...at)) return false;
      }
      return true;
    };
    return refsOf(this.run.rule(step, blank.i, blank.j)).map(([, other]) => other).find(isSame) ?? step;
  }
  // The blanks that the rule of a blank reads. own: "" for what is printed, ALL or a step for the student's own instead.
  reads(blank, own = "") {
    const known = key(blank.id, own);
    if (!this.readBy.has(known)) {
      const found = new Map();
      for (const [, ...at] of refsOf(this.rule(blank) ?? ["num", ZERO])) {
        const shown = this.shown(blank, key(...at));
        if (shown) found.set(shown.id, shown);
        else if (shown === undefined || own === ALL || own === at[0]) {
          for (const each of this.beneath(blank.section, at, Boolean(own) || own === 0)) found.set(each.id, each);
        }
      }
      this.readBy.set(known, [...found.values()]);
    }
    return this.readBy.get(known);
  }
  // The blanks from which a reader of a section computes a place that stands nowhere.
  beneath(section, at, own) {
    const known = key(section, ...at, own);
    if (!this.under.has(known)) {
      const found = new Map();
      for (const blank of this.below(section, at, own)) found.set(blank.id, blank);
      this.under.set(known, [...found.values()]);
    }
    return this.under.get(known);
  }
  *below(section, at, own) {
    const written = own && this.own(section, key(...at));
    if (written) yield written;
    else if (own && this.asked.has(at[0])) return;
    else if (!this.run.isGiven(at[0])) {
      for (const [, ...each] of refsOf(this.run.rule(...at))) {
        const shown = this.source(section, key(...each));
        if (shown) yield shown;
        else if (own || shown === undefined) yield* this.beneath(section, each, own);
      }
    }
  }
}

const placeOf = (blank) => key(blank.step, blank.i, blank.j);

// One student's numbers on a sheet. written(blank): the number that counts as theirs. printed(section, at): the number
// that is printed at a place.
class Paper {
  constructor(rules, reckoning, written, printed) {
    Object.assign(this, { rules, reckoning, written, printed });
    this.known = new Map();
  }
  number(blank, at, own = "") {
    const shown = this.rules.shown(blank, key(...at));
    if (shown) return this.written(shown);
    const replaced = shown === undefined || own === ALL || own === at[0];
    return replaced ? this.beneath(blank.section, at, own) : this.printed(blank.section, at);
  }
  beneath(section, at, own) {
    const place = key(section, ...at, own);
    if (!this.known.has(place)) this.known.set(place, this.computed(section, at, own));
    return this.known.get(place);
  }
  computed(section, at, own) {
    const { rules } = this;
    const isOwn = own !== "";
    const blank = isOwn && rules.own(section, key(...at));
    if (blank) return this.written(blank);
    if (rules.run.isGiven(at[0]) || (isOwn && !rules.beneath(section, at, true).length)) return this.printed(section, at);
    return this.reckoning.compute(rules.run.rule(...at), (...each) => {
      const shown = rules.source(section, key(...each));
      if (shown) return this.written(shown);
      return isOwn || shown === undefined ? this.beneath(section, each, own) : this.printed(section, each);
    });
  }
  follows(blank, own = "") {
    const rule = this.rules.rule(blank);
    return rule && this.value(blank, rule, own);
  }
  value(blank, tree, own = "") {
    return this.reckoning.compute(tree, (...at) => this.number(blank, at, own));
  }
}

// One student's answers, judged. answers: the texts by the ids of blanks.
class Judged {
  constructor(rules, answers) {
    this.rules = rules;
    this.run = rules.run;
    this.answers = answers;
    this.reckoning = this.run.exact ? new ExactReckoning() : new RoundedReckoning(rules.sheet.places);
    this.judgements = new Map();
    this.readings = new Map();
    this.numbers = new Map();
    this.paper = new Paper(rules, this.reckoning, (blank) => this.written(blank), (...at) => this.printed(...at));
  }
  judgement(blank) {
    if (!this.judgements.has(blank.id)) this.judgements.set(blank.id, this.judged(blank));
    return this.judgements.get(blank.id);
  }
  reading(blank) {
    if (!this.readings.has(blank.id)) this.readings.set(blank.id, this.read(blank, this.answers[blank.id] ?? ""));
    return this.readings.get(blank.id);
  }
  read(blank, text) {
    if (blank.role === "word") return this.readWord(text);
    if (blank.role === "text" || blank.role === "change") return text.trim() ? number([text.trim()]) : MISSING;
    const found = this.reckoning.read(this.withoutFactor(blank, text));
    const nearest = found.values.length > 1 ? this.reckoning.real(this.key(blank)) : null;
    if (!(nearest instanceof Fraction)) return found;
    const distance = (x) => x.minus(nearest).absolute();
    return { ...found, values: [...found.values].sort((a, b) => distance(a).compare(distance(b))) };
  }
  // What is written before a factor that the page prints beside the numbers: 3 in 3 · ln 2.
  withoutFactor({ step }, text) {
    const factor = this.rules.run.steps[step]?.times;
    if (!factor?.startsWith("ln ")) return text;
    const before = text.replace(new RegExp(`\\s*(?:[*·×]|\\\\cdot)?\\s*\\\\?ln\\s*\\(?\\s*${factor.replace("ln ", "")}\\s*\\)?\\s*$`), "");
    return before !== text && ["", "-", "−"].includes(before.trim()) ? `${before}1` : before;
  }
  // The number of a word of the vocabulary, from the word or from its number, counted from 1. Its capitals
  // matter only where another word differs in nothing else.
  readWord(text) {
    const words = this.rules.sheet.vocabulary;
    const plain = text.split(/\s+/).filter(Boolean).join(" ");
    if (["", "?", "…", "..."].includes(plain)) return MISSING;
    for (const as of [(word) => word, (word) => word.toLowerCase()]) {
      const at = words.map(as).indexOf(as(plain));
      if (at >= 0) return number([Fraction.of(at)]);
    }
    const at = /^\d{1,9}$/.test(plain) ? Number(plain) : 0;
    return at > 0 && at <= words.length ? number([Fraction.of(at - 1)]) : UNREADABLE;
  }
  // What a sheet keeps as a seal: the text among some whose seal it is.
  unsealed(blank) {
    return (blank.found ??= candidatesOf(this.rules.sheet, blank).find((text) => isSealed(this.rules.sheet, blank.id, text)) ?? "");
  }
  // The exact number that the key has in a blank, a word's number, or a text.
  key(blank) {
    if (blank.role === "text") return this.unsealed(blank);
    if (blank.step === null) {
      if (!blank.rule) return this.inNumbers(Fraction.parse(this.unsealed(blank) || "0"));
      return (blank.value ??= this.inNumbers(evaluate(this.rules.rule(blank), null, RATIONALS)));
    }
    return this.run.number(blank.step, blank.i, blank.j);
  }
  inNumbers(value) {
    return this.run.exact ? value : this.run.system.rounded(value);
  }
  // The number of an entry, rounded as the page prints it.
  entry(blank) {
    const exact = asFraction(this.key(blank));
    return new Decimals(blank.places, false).rounded(exact).printed;
  }
  ofKey(blank) {
    return this.reckoning.printed(this.key(blank));
  }
  ownNumber(blank) {
    const reading = this.reading(blank);
    if (reading.kind === "number" && reading.values[0] !== Infinity) return this.reckoning.answer(reading.values[0]);
    return this.ofKey(blank);
  }
  printed(section, at) {
    const found = this.reckoning.printed(this.run.number(...at));
    const own = this.reckoning.places === null ? undefined : this.rules.own(section, key(...at));
    if (!own || !stands(this.judgement(own))) return found;
    const theirs = this.judgement(own).value;
    const near = theirs.low === found.low || Math.abs(theirs.low - found.low) <= 1.001 * 10 ** -this.reckoning.places;
    return near ? found.joined(this.written(own)) : found;
  }
  // The number from which others are computed. A rounded one is the span of all that it may stand for.
  written(blank) {
    if (!this.numbers.has(blank.id)) this.numbers.set(blank.id, this.counts(blank));
    return this.numbers.get(blank.id);
  }
  counts(blank) {
    const { value, verdict, reading } = this.judgement(blank);
    if (this.run.exact && reading.form === "decimal") return this.standsFor(this.judgement(blank));
    if (!(value instanceof Span) || verdict === "unreadable") return value;
    return behind(value, verdict === "wrong" ? null : this.paper.follows(blank), halfUnit(this.reckoning.places));
  }
  // On a sheet of fractions: the number that a decimal is, or the span of all that it may be rounded from.
  standsFor(judgement) {
    const { blank, reading, verdict, value, form, followed } = judgement;
    const isKey = verdict === "right" && form !== "rounded otherwise";
    let exact = isKey ? this.key(blank) : followed;
    if (verdict === "wrong" && isPrecise(reading)) exact = null;
    else if (!stands(judgement) || exact === null || (exact instanceof Fraction && exact.equals(value))) return value;
    return behind(asSpan(value), exact === null ? null : asSpan(exact), halfUnit(reading.places));
  }
  isKey(blank) {
    const { verdict, form } = this.judgement(blank);
    const rounded = form === "rounded" || form === "rounded otherwise";
    return verdict === "missing" || verdict === "unreadable" || (verdict === "right" && !rounded);
  }

  judged(blank) {
    const reading = this.reading(blank);
    const judgement = (verdict, value, more) => ({ blank, reading, verdict, value, form: "", note: "", source: "", followed: null, ...more });
    if (blank.role === "text") return this.judgedText(blank, judgement);
    if (blank.role === "change") return this.judgedChange(blank, judgement);
    if (reading.kind !== "number") return judgement(reading.kind, this.ownNumber(blank), { followed: this.followed(blank) });
    if (blank.role === "word") return this.judgedWord(blank, judgement);
    if (blank.role === "inverse") return this.judgedInverse(blank, judgement);
    const value = this.key(blank);
    const followed = this.followed(blank);
    let meant = this.meant(blank, reading, value, true);
    if (meant !== null) {
      const counted = blank.places === null ? this.reckoning.answer(meant) : this.ofKey(blank);
      const other = followed !== null && this.meant(blank, reading, followed) === null;
      return judgement("right", counted, { form: reading.form, note: other ? NOT_FOLLOWING : "", followed });
    }
    meant = this.asRounded(reading, value);
    if (meant !== null) {
      const form = this.isAsGood(blank, reading, followed) ? "rounded otherwise" : "rounded";
      return judgement("right", this.reckoning.answer(meant), { form, followed });
    }
    for (const [own, follows] of this.whatFollows(blank, followed)) {
      const exactly = this.meant(blank, reading, follows);
      meant = exactly ?? this.asRounded(reading, follows);
      if (meant === null) continue;
      const counted = this.reckoning.answer(meant);
      if (own === "" && follows instanceof Span && this.isRoundedOtherwise(blank)) return judgement("right", counted, { form: "rounded otherwise", followed: follows });
      const form = exactly === null && !isPrecise(reading) ? "rounded" : reading.form;
      return judgement("followed", counted, { form, source: own === "" ? "" : "own", followed: follows });
    }
    return judgement("wrong", this.ownNumber(blank), { followed });
  }
  // What follows from the student's own numbers; the key where these are the key's, and for an inverse.
  followed(blank) {
    return blank.role === "inverse" || this.hasKeyBefore(blank) ? this.ofKey(blank) : this.paper.follows(blank);
  }
  hasKeyBefore(blank) {
    return this.reckoning.places === null && this.rules.reads(blank).every((each) => this.isKey(each));
  }
  *whatFollows(blank, followed) {
    yield ["", followed];
    for (const own of this.detours(blank)) yield [own, this.paper.follows(blank, own)];
  }
  // Whose printed numbers a student may have replaced by others of their own: ALL, or a step.
  *detours(blank) {
    const front = new Set(this.rules.reads(blank));
    const steps = [...new Set(refsOf(this.rules.rule(blank) ?? ["num", ZERO]).map(([, step]) => step))];
    for (const own of steps.length > 1 ? [ALL, ...steps] : [ALL]) {
      const others = this.rules.reads(blank, own).filter((each) => !front.has(each));
      if (!others.every((each) => this.isKey(each))) yield own;
    }
  }
  // Whether a rounded answer follows from numbers of the student's that leave no other way to write it.
  isAsGood(blank, reading, followed) {
    const isRational = followed === null || followed instanceof Fraction;
    return !isRational && isPrecise(reading) && this.says({ blank, reading }, followed);
  }
  isRoundedOtherwise(blank) {
    const quiet = ["right", "missing", "unreadable"];
    return this.rules.reads(blank).every((each) => quiet.includes(this.judgement(each).verdict));
  }
  says({ blank, reading }, value) {
    return this.meant(blank, reading, value) !== null || this.asRounded(reading, value) !== null;
  }
  // The number of an answer that is a value; null if none is.
  meant(blank, reading, value, isTheKey = false) {
    if (value === null) return null;
    return reading.values.find((x) => this.is(blank, x, value, isTheKey)) ?? null;
  }
  is(blank, x, value, isTheKey) {
    const ends = value instanceof Span ? [value.low, value.high] : [value, value];
    if (blank.places === null || isFloat(x) || ends.includes(NEG_INF)) return this.reckoning.equal(x, value);
    let [low, high] = ends.map(asFraction);
    if (isTheKey) {
      const printed = this.entry(blank);
      if (printed.compare(low) < 0) low = printed;
      if (printed.compare(high) > 0) high = printed;
    }
    const half = new Fraction(1n, 2n * 10n ** BigInt(blank.places));
    return low.minus(half).compare(x) <= 0 && x.compare(high.plus(half)) <= 0;
  }
  // The decimal that a text says, if it is a value rounded to two places or to three digits; else null.
  asRounded(reading, value) {
    const places = reading.places ?? 0;
    if (!this.run.exact || reading.form !== "decimal" || (places < 2 && !isPrecise(reading))) return null;
    const [x] = reading.values;
    const ends = value instanceof Span ? [value.low, value.high] : [value, value];
    if (value === null || typeof value === "string" || x.sign === 0) return null;
    if (ends.some((end) => isFloat(end) && !Number.isFinite(end))) return null;
    const scale = new Fraction(10n ** BigInt(places));
    const [low, high] = ends.map(asFraction);
    const needsMore = isFloat(ends[0]) || !low.times(scale).isWhole;
    const half = new Fraction(1n, 2n * scale.top);
    return needsMore && low.minus(half).compare(x) <= 0 && x.compare(high.plus(half)) <= 0 ? x : null;
  }
  judgedInverse(blank, judgement) {
    const reading = this.reading(blank);
    const meant = this.meant(blank, reading, this.key(blank));
    const own = this.ownNumber(blank);
    if (meant !== null) return judgement("right", this.reckoning.answer(meant), { form: reading.form });
    if (this.makesWhatIsPrinted(blank)) return judgement("right", own, { form: "another solution" });
    return judgement("wrong", own, { followed: this.ofKey(blank) });
  }
  // Whether the entries that the student found make every printed result that reads the blank's.
  makesWhatIsPrinted(blank) {
    const found = new Map();
    for (const other of this.rules.blanks.values()) {
      if (other.section === blank.section && other.result === blank.result && other.step !== null && other.role === "inverse") {
        found.set(placeOf(other), this.ownNumber(other));
      }
    }
    const number = (...at) => found.get(key(...at)) ?? this.reckoning.printed(this.run.number(...at));
    const [rows, columns] = this.run.steps[blank.result].shape;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const rule = this.run.rule(blank.result, i, j);
        if (!refsOf(rule).some(([, ...at]) => key(...at) === placeOf(blank))) continue;
        if (!this.isPrinted(this.run.number(blank.result, i, j), this.reckoning.compute(rule, number))) return false;
      }
    }
    return true;
  }
  isPrinted(printed, value) {
    if (!this.run.exact && value instanceof Span) return this.reckoning.equal(this.reckoning.printed(printed).low, value);
    return value !== null && this.reckoning.equal(value, printed);
  }
  judgedWord(blank, judgement) {
    const [word] = this.reading(blank).values;
    const has = (words) => words.some((each) => each.equals(word));
    if (has(this.words(blank, (...at) => this.reckoning.printed(this.run.number(...at))))) return judgement("right", word);
    for (const own of ["", ...this.detours(blank)]) {
      if (has(this.words(blank, (...at) => this.paper.number(blank, at, own)))) {
        return judgement("followed", word, { source: own === "" ? "" : "own", followed: word });
      }
    }
    const [followed = null] = this.words(blank, (...at) => this.paper.number(blank, at));
    return judgement("wrong", word, { followed });
  }
  // The numbers of the words that a rule may choose: of words with equal logits, all.
  words(blank, number) {
    const rule = this.rules.rule(blank);
    if (rule[0] !== "fn" || rule[1] !== "argmax") {
      const chosen = this.reckoning.compute(rule, number);
      return chosen === null ? [] : [Fraction.of(Math.trunc(chosen instanceof Span ? chosen.low : toFloat(chosen)))];
    }
    const values = rule.slice(2).map((arg) => this.reckoning.compute(arg, number));
    if (values.includes(null)) return [];
    if (values.some((value) => value instanceof Span)) {
      const spans = values.map(asSpan);
      const least = Math.max(...spans.map((span) => span.low));
      return spans.flatMap((span, at) => (span.high >= least ? [Fraction.of(at)] : []));
    }
    const largest = firstLargest(values, (a, b) => toFloatCompare(a, b));
    return values.flatMap((x, at) => (this.reckoning.equal(x, values[largest]) ? [Fraction.of(at)] : []));
  }
  // A box of a changed number is right if all of its boxes together bring the condition about.
  judgedChange(blank, judgement) {
    const change = this.rules.changes.get(blank.id);
    const [verdict, note, places] = changed(change, change.ids.map((id) => this.answers[id] ?? ""), this.run);
    return judgement(verdict, this.answers[blank.id] ?? "", { note, places });
  }
  judgedText(blank, judgement) {
    const answer = (this.answers[blank.id] ?? "").trim();
    const right = this.key(blank);
    if (this.reading(blank).kind !== "number") return judgement("missing", answer, { followed: right });
    const said = canonical(answer);
    if (said === canonical(right)) return judgement("right", answer, { followed: right });
    const follows = this.afterExists(blank);
    return judgement(said === follows ? "followed" : "wrong", answer, { followed: follows || right });
  }
  // In a table of products: the shape that follows from a wrong answer to whether the product exists.
  afterExists(blank) {
    const product = this.rules.sheet.products?.[blank.id];
    const exists = this.rules.blanks.get(product?.exists);
    if (!exists || this.judgement(exists).verdict !== "wrong") return "";
    if (["no", canonical(textOf(this.rules.sheet, "shapes.no"))].includes(canonical(this.answers[exists.id]))) return "—";
    return product.shape;
  }
}

const toFloatCompare = (a, b) => (isFloat(a) || isFloat(b) ? toFloat(a) - toFloat(b) : a.compare(b));
const asFraction = (value) => {
  if (value instanceof Fraction) return value;
  if (value instanceof Decimal) return value.printed;
  return Fraction.ofFloat(value);
};
// Whether a decimal has three significant digits or more, so that it is as good as what it is rounded from.
const isPrecise = ({ form, values: [x], places }) => {
  return form === "decimal" && x.absolute().times(new Fraction(10n ** BigInt(places ?? 0))).compare(LEAST_PRECISE) >= 0;
};
const halfUnit = (places) => 10 ** -(places ?? 0) / 2;
const stands = ({ verdict }) => verdict === "right" || verdict === "followed";

const YES = ["yes", "y", "true", "ja"];
const NO = ["no", "n", "false", "nein"];
const NONE = ["—", "-", "–", "none", "/"];

// A word or a shape as it is compared: yes, no, 3×4, — for none.
function canonical(text) {
  const plain = text.toLowerCase().split(/\s+/).filter(Boolean).join(" ");
  const shape = [...plain].map((c) => (/\p{Nd}/u.test(c) ? digitOf(c) : c)).join("").match(/^(\d{1,4}) ?[x×*·] ?(\d{1,4})$/);
  if (shape) return `${Number(shape[1])}×${Number(shape[2])}`;
  return YES.includes(plain) ? "yes" : NO.includes(plain) ? "no" : NONE.includes(plain) ? "—" : plain;
}

// What a sealed answer may be: a small number, or a word of a table of shapes, or a shape.
function candidatesOf(sheet, blank) {
  if (blank.role === "size") return Array.from({ length: 10000 }, (_, n) => `${n}`);
  const sizes = Array.from({ length: 32 }, (_, n) => n + 1);
  const shapes = sizes.flatMap((a) => sizes.map((b) => `${a} × ${b}`));
  return [textOf(sheet, "shapes.yes"), textOf(sheet, "shapes.no"), "—", ...shapes];
}
