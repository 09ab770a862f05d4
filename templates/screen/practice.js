// Two cells to practise a mistake that was named: the same figure with other small numbers, checked at once. They are
// no answers: nothing of them is kept or counted.

const DRAWS = 300;
const LARGEST = 99; // top and bottom of what one is to find

class Practice {
  constructor(checks) {
    Object.assign(this, { checks, page: checks.page, cells: checks.help.cells });
  }
  // The figure with two cells to fill in, for what was found in the cells of some ids; null where none can be made.
  figure(ids, foil) {
    const { rules } = this.page;
    const [first, ...others] = ids.map((id) => rules.blanks.get(id)).filter((blank) => blank?.role === "ask");
    if (!first) return null;
    const more = [...rules.blanks.values()].filter(({ section, step, role }) => section === first.section && step === first.step && role === "ask");
    for (const second of new Set([...others, ...more])) {
      const asked = second !== first && second.step === first.step && second.section === first.section && this.drawn([first, second], foil);
      if (asked) return this.shown(...asked);
    }
    return null;
  }
  cell({ section }, at) {
    return this.cells.get(key(section, ...at));
  }
  // Small numbers in place of those that are read, such that the mistake gives another answer.
  drawn(blanks, foil) {
    const { page, checks } = this;
    const { run } = page;
    const judged = checks.judged();
    const { reckoning } = judged;
    const figure = page.field(blanks[0]).closest("figure");
    const trees = blanks.map((blank) => checks.help.tree(blank));
    const isInside = (blank, at) => figure.contains(this.cell(blank, at) ?? null);
    if (!blanks.every((blank, n) => isInside(blank, [blank.step, blank.i, blank.j]) && refsOf(trees[n]).length && refsOf(trees[n]).every(([, ...at]) => isInside(blank, at)))) return null;
    const mistake = checks.mistakes.find(({ name }) => name === foil);
    for (let n = 0; n < DRAWS; n++) {
      const numbers = new Map();
      const number = (...at) => {
        const place = key(...at);
        const own = run.number(...at);
        if (!numbers.has(place)) numbers.set(place, isInside(blanks[0], at) && own !== NEG_INF ? this.small(own) : own);
        return reckoning.answer(numbers.get(place));
      };
      const right = trees.map((tree) => reckoning.compute(tree, number));
      const mistaken = mistake && new Mistaken({ run, reckoning, paper: { number: (blank, at) => number(...at) } }, mistake);
      const wrong = blanks.map((blank) => mistaken?.value(blank) ?? null);
      const isGood = (value, at) => value !== null && this.isSmall(value) && (!mistake || (wrong[at] !== null && !reckoning.equal(value, wrong[at])));
      if (right.every(isGood) && !reckoning.equal(...right)) return [figure, blanks, numbers, right, wrong, judged];
    }
    return null;
  }
}
