// Below each check of sums, what the rows add up to that the student has written so far.

class Sums {
  constructor(page) {
    this.page = page;
    this.rows = page.sections.flatMap((section) => (section.sums ?? []).flatMap((step, at) => (step === null ? [] : this.rowsOf(section, step, at))));
    page.onChange(() => this.show());
    document.addEventListener("focusin", ({ target }) => this.here(target));
  }
  // The rows of a step that a reader of the section sees, if there are cells to write in; at: which check adds them up.
  rowsOf(section, step, at) {
    const { rules, sheet } = this.page;
    const [height, width] = sheet.steps[step].shape;
    const cellOf = (i, j) => ({ at: [step, i, j], blank: rules.fronts[section.at].get(key(step, i, j)) });
    const all = Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => cellOf(i, j)));
    const lines = all.filter((line) => line.every(({ blank }) => blank !== undefined));
    if (lines.flat().every(({ blank }) => blank === null)) return [];
    const label = element("span", { id: `sums-${section.at}-${at}` }, this.page.say(lines.length === 1 ? "screen.sums.one" : "screen.sums.other"));
    const rows = lines.map((line, i) => ({ cells: line, place: element("span", { id: `${label.id}-${i}` }) }));
    for (const { cells, place } of rows) {
      for (const { blank } of cells) if (blank) this.page.field(blank).setAttribute("aria-describedby", `${label.id} ${place.id}`);
    }
    const check = section.place.querySelectorAll(".remark > .tick")[at].parentElement;
    check.after(element("p", { class: "remark sums" }, label, ...rows.flatMap(({ place }, i) => [i ? ", " : " ", place])));
    return rows;
  }
  show() {
    const { reckoning } = new Judged(this.page.rules, {});
    for (const { cells, place } of this.rows) place.textContent = this.sum(cells, reckoning);
  }
  // "2" of a whole row, "2 + …" before, and "…" where nothing is written, or what has no sum.
  sum(cells, reckoning) {
    const { answers, run } = this.page;
    const readings = cells.map(({ at, blank }) => reckoning.read(blank ? answers.text(blank.id) : run.text(...at)));
    const known = readings.filter(({ kind }) => kind === "number").map(({ values }) => values[0]);
    const blanks = cells.filter(({ blank }) => blank);
    if (!known.length || (blanks.length && !blanks.some(({ blank }) => answers.text(blank.id).trim()))) return "…";
    const sum = orNull(() => known.reduce((before, each) => EITHER.add(before, each)));
    if (sum === null) return "…"; // such as √2 + ∞
    const rounded = reckoning.places !== null && sum instanceof Fraction ? run.system.rounded(sum) : sum;
    return known.length === cells.length ? reckoning.text(rounded) : `${reckoning.text(rounded)} + …`;
  }
  // The sum of the row in which one writes is underlined.
  here(target) {
    const blank = this.page.blank(target);
    for (const { cells, place } of this.rows) place.classList.toggle("here", Boolean(blank) && cells.some((cell) => cell.blank === blank));
  }
}
