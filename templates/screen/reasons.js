// Why answers are wrong: classic mistakes, whose rules the sheet brings along, and slips; as byhand/marking/classic.py
// and causes.py have it.

// A classic mistake: the steps that it rewrites, and the blanks that tell it from the rule.
class Mistake {
  constructor(rules, entry) {
    this.rules = rules;
    this.name = entry.name;
    this.made = new Set(entry.made);
    this.steps = new Map(entry.steps);
    const { run } = rules;
    this.away = new Set([...this.steps.keys()].filter((step) => step >= run.steps.length));
    run.steps.forEach((step, at) => {
      const reads = step.inputs.some((input) => this.away.has(input));
      if (!rules.asked.has(at) && !step.printed && (this.made.has(at) || reads)) this.away.add(at);
    });
    const telling = [...rules.asked].filter((step) => {
      return this.made.has(step) || run.steps[step].inputs.some((input) => this.away.has(input));
    });
    this.telling = [...rules.blanks.values()].filter((b) => ["ask", "entry"].includes(b.role) && telling.includes(b.step));
    this.cells = new Map();
  }
  step(at) {
    return this.steps.get(at) ?? this.rules.run.steps[at];
  }
  tree(step, i, j) {
    const place = key(step, i, j);
    if (!this.cells.has(place)) this.cells.set(place, this.rules.run.tree(this.step(step), i, j));
    return this.cells.get(place);
  }
}

// One student's answers against one mistake: what would stand in each telling blank.
class Mistaken {
  constructor(judged, mistake) {
    Object.assign(this, { judged, mistake });
    this.known = new Map();
  }
  value(blank, own = "") {
    const at = this.at(blank.step, blank.i, blank.j);
    return at && this.cell(blank, own, blank.step, ...at);
  }
  // Where a cell of the right run stands in the mistaken one: sums of columns fit into boxes for sums of rows.
  at(step, i, j) {
    const [own, other] = [this.judged.run.steps[step]?.shape, this.mistake.step(step).shape];
    if (own[0] === other[0] && own[1] === other[1]) return [i, j];
    return own[0] === other[1] && own[1] === other[0] ? [j, i] : null;
  }
  cell(blank, own, step, i, j) {
    const known = key(blank.section, own, step, i, j);
    if (!this.known.has(known)) this.known.set(known, this.computed(blank, own, step, i, j));
    return this.known.get(known);
  }
  computed(blank, own, step, i, j) {
    const { judged, mistake } = this;
    const number = (each, k, m) => {
      if (mistake.away.has(each)) return this.cell(blank, own, each, k, m);
      const at = this.at(each, k, m); // the other way round: the student's numbers stand as on the page
      return at ? judged.paper.number(blank, [each, ...at], own) : this.cell(blank, own, each, k, m);
    };
    if (mistake.step(step).values) return number(step, i, j);
    return judged.reckoning.compute(mistake.tree(step, i, j), number);
  }
}

class Diagnosis {
  constructor(judged, mistakes) {
    this.judged = judged;
    this.mistakes = mistakes;
    this.table = judged.rules.sheet.slips;
    const judgements = [...judged.rules.blanks.values()].map((blank) => judged.judgement(blank));
    this.wrong = new Map(judgements.filter(({ verdict }) => verdict === "wrong").map((each) => [each.blank.id, each]));
    this.suspected = this.wrong.size ? this.suspicions() : [];
    this.named = this.foundMistakes();
    this.slips = new Map(); // by id, as they are asked for
    this.habits = new Map(); // by step
  }
  slipsOf(id) {
    if (!this.slips.has(id)) this.slips.set(id, slipsOf(this.judged, this.wrong.get(id)));
    return this.slips.get(id);
  }
  // The mistakes whose numbers the answers have, the most telling first.
  suspicions() {
    const found = this.mistakes.map((mistake) => this.suspicion(mistake)).filter(({ hits }) => hits.length);
    return found.sort((a, b) => b.hits.length - a.hits.length || a.misses - b.misses || a.rewritten - b.rewritten);
  }
  suspicion(mistake) {
    const mistaken = new Mistaken(this.judged, mistake);
    const told = [];
    if (mistake.telling.some((blank) => !this.isFollowing(blank) && this.isHit(mistaken, blank))) {
      for (const blank of mistake.telling) {
        if (this.judged.reading(blank).kind !== "number") continue;
        if (this.isHit(mistaken, blank)) told.push([blank, true]);
        else if (this.areApart(mistaken.value(blank), this.judged.judgement(blank).followed)) told.push([blank, false]);
      }
    }
    const hits = told.filter(([, isHit]) => isHit).map(([blank]) => blank);
    let missed = told.filter(([, isHit]) => !isHit).map(([blank]) => blank);
    const isMade = (blank) => mistake.made.has(blank.step);
    if (hits.every(isMade)) missed = missed.filter(isMade); // what it changes elsewhere was taken from the page
    const isNamed = hits.length >= this.table.hits && hits.length >= missed.length;
    return { mistake, hits: hits.map(({ id }) => id), misses: missed.length, rewritten: mistake.made.size, isNamed };
  }
  // Whether an answer is what the rule gives, so that it can be no mistake's.
  isFollowing(blank) {
    const judgement = this.judged.judgement(blank);
    if (judgement.verdict === "missing" || judgement.verdict === "unreadable") return true;
    return stands(judgement) && !judgement.source && !judgement.note;
  }
  isHit(mistaken, blank) {
    if (this.isFollowing(blank)) return false;
    const judgement = this.judged.judgement(blank);
    return ["", ALL].some((own) => {
      const value = mistaken.value(blank, own);
      return this.judged.says(judgement, value) && this.areApart(value, judgement.followed);
    });
  }
  areApart(value, rule) {
    if (value === null) return false;
    const { reckoning } = this.judged;
    return rule === null || !reckoning.equal(value, rule);
  }
  foundMistakes() {
    const found = new Map();
    for (const suspicion of this.suspected) {
      const fresh = suspicion.hits.filter((id) => !found.has(id));
      if (suspicion.isNamed && fresh.length >= Math.min(2, suspicion.hits.length)) {
        for (const id of fresh) found.set(id, suspicion);
      }
    }
    return found;
  }
  // The slips that are made in most wrong answers of a step: in how many, by kind and detail, or "" for all of a kind.
  habitsOf(step) {
    if (!this.habits.has(step)) this.habits.set(step, this.foundHabits(step));
    return this.habits.get(step);
  }
  foundHabits(step) {
    const ids = [...this.wrong].filter(([, { blank }]) => blank.of === step).map(([id]) => id);
    const counts = new Map();
    for (const id of ids) {
      const habits = this.slipsOf(id).flatMap(({ kind, detail }) => [key(kind, ""), key(kind, detail)]);
      for (const habit of new Set(habits)) counts.set(habit, (counts.get(habit) ?? 0) + 1);
    }
    const isHabit = ([habit, n]) => !this.table.noHabit.includes(habit.split(",")[0]) && n >= 2 && 4 * n >= 3 * ids.length;
    return new Map([...counts].filter(isHabit));
  }
  // The reasons of a wrong answer, the most probable first.
  reasons(id) {
    const habits = this.habitsOf(this.wrong.get(id).blank.of);
    const { boost, boosts, blue, least, most, hits } = this.table;
    const found = new Map();
    const at = (kind, foil = "") => {
      const name = `${kind}|${foil}`;
      if (!found.has(name)) found.set(name, { kind, foil, detail: "", weight: 0, cells: 1, best: 0 });
      return found.get(name);
    };
    for (const { kind, detail, share } of this.slipsOf(id)) {
      const habit = (of) => habits.get(key(kind, of)) ?? 1;
      const count = Math.max(habit(""), habit(detail));
      const weight = share * boost ** Math.min(count - 1, boosts);
      const reason = at(kind);
      reason.weight += weight;
      if (weight > reason.best) [reason.best, reason.detail] = [weight, detail];
      reason.cells = Math.max(reason.cells, count);
    }
    for (const suspicion of this.suspected) {
      if (!suspicion.hits.includes(id)) continue;
      const n = suspicion.hits.length;
      const shared = (2 * n) / (n + suspicion.misses);
      const reason = at("foil", suspicion.mistake.name);
      reason.weight = n >= hits ? shared * n : shared / 2;
      if (suspicion.isNamed) reason.weight *= boost ** Math.min(n - 1, boosts);
      reason.cells = n;
    }
    const all = [...found.values()];
    const sum = all.reduce((total, { weight }) => total + weight, blue);
    all.sort((a, b) => b.weight - a.weight);
    return all.map((reason) => ({ ...reason, weight: reason.weight / sum })).filter(({ weight }) => weight >= least).slice(0, most);
  }
  // What is said of a wrong answer: kind, mistake, whether it is certain, and a second kind that it may be.
  said(id) {
    if (this.named.has(id)) return { kind: "foil", foil: this.named.get(id).mistake.name, sure: true };
    const reasons = this.reasons(id);
    const slip = reasons.find(({ kind }) => kind !== "foil");
    let [first] = reasons;
    if (!first || first.weight < this.table.either) return { kind: "unexplained", foil: "", sure: false };
    if (first.kind === "foil" && slip && slip.weight >= this.table.either && slip.weight >= first.weight) first = slip;
    const sure = first.kind !== "foil" && first.cells >= 2;
    const likely = reasons.filter(({ weight }) => weight >= this.table.either);
    const others = [...new Set(likely.filter(({ kind }) => kind !== "foil").map(({ kind }) => kind))].slice(0, 2);
    const other = !sure && first.kind !== "foil" && likely[0].weight < this.table.perhaps ? others[1] : undefined;
    return { kind: other ? others[0] : first.kind, foil: first.foil, sure, other };
  }
}
