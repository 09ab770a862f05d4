// Two cells to practise a mistake that was named: the same figures with other small numbers, checked at once. They are
// no answers: nothing of them is kept or counted.

const DRAWS = 40;
const FIGURES = 2; // that two cells may need
const LARGEST = 99; // of what one is to find
const FINEST = 12; // its denominator

class Practice {
  constructor(page, help, diagnosis) {
    Object.assign(this, { page, help, diagnosis, judged: diagnosis.judged });
  }
  // A button that shows two cells, where some can be found; null elsewhere. ids: where the mistake was made.
  button(ids, { kind, foil }) {
    const found = this.found(ids, this.diagnosis.mistakes.find(({ name }) => name === foil));
    const mend = this.page.say(foil ? `mistakes.${foil}.mend` : `slips.${kind}.mend`);
    const open = ({ target }) => {
      const place = this.place(found, mend);
      target.replaceWith(place);
      place.querySelector("input").focus();
    };
    return found && element("button", { type: "button", onclick: open }, this.page.say("screen.practice.button"));
  }
  found(ids, mistake) {
    const asked = [...this.page.rules.blanks.values()].filter(({ role }) => role === "ask");
    const first = asked.find(({ id }) => ids.includes(id));
    const others = asked.filter((blank) => blank !== first && blank.section === first?.section && blank.step === first.step);
    others.sort((a, b) => ids.includes(b.id) - ids.includes(a.id));
    for (const second of others.slice(0, 4)) {
      const drawn = this.drawn([first, second], mistake);
      if (drawn) return drawn;
    }
    return null;
  }
  // Small numbers in place of those that are read, such that the mistake gives other answers.
  drawn(blanks, mistake) {
    const { judged: { run, reckoning }, diagnosis, help } = this;
    const cell = (...at) => help.cellOf(blanks[0], at);
    const cells = blanks.map((blank) => this.page.field(blank).closest("td"));
    const trees = blanks.map((blank) => help.tree(blank));
    const read = trees.map((tree) => refsOf(tree).map(([, ...at]) => cell(...at)));
    const figures = [...new Set([...read.flat(), ...cells].map((each) => each?.closest("figure")))];
    if (!figures.every(Boolean) || figures.length > FIGURES || !read.every(({ length }) => length)) return null;
    for (let n = 0; n < DRAWS; n++) {
      const numbers = new Map();
      const number = (...at) => {
        const [place, own] = [cell(...at), run.number(...at)];
        if (!place) return reckoning.printed(own);
        if (!numbers.has(place)) numbers.set(place, small(own));
        return reckoning.answer(numbers.get(place));
      };
      const right = trees.map((tree) => reckoning.compute(tree, number));
      const mistaken = mistake && new Mistaken({ run, reckoning, paper: { number: (blank, at) => number(...at) } }, mistake);
      if (right.every((value, at) => isSmall(value) && (!mistaken || diagnosis.areApart(mistaken.value(blanks[at]), value)))) return { blanks, figures, cells, numbers, right };
    }
    return null;
  }
  place({ blanks, figures, cells, numbers, right }, mend) {
    const { page, judged } = this;
    const said = element("p", { role: "status" }, page.say("screen.practice.said"));
    const check = () => {
      const states = inputs.map(({ value }, at) => (!value.trim() ? "empty" : judged.says({ blank: blanks[at], reading: judged.reckoning.read(value) }, right[at]) ? "right" : "not"));
      inputs.forEach((input, at) => (input.parentElement.dataset.state = states[at]));
      const isDone = states.every((state) => state === "right");
      said.textContent = states.includes("not") ? page.say("screen.practice.not", { mend }) : page.say(isDone ? "screen.practice.right" : "screen.practice.said");
    };
    const inputs = blanks.map((blank) => element("input", { "aria-label": page.field(blank).dataset.name, autocomplete: "off", onchange: check }));
    const copies = figures.map((figure) => {
      const copy = figure.cloneNode(true);
      const places = [...figure.querySelectorAll("td")];
      [...copy.querySelectorAll("td")].forEach((td, n) => {
        const value = numbers.get(places[n]);
        if (td.matches(".g, .a, .k")) td.replaceChildren(inputs[cells.indexOf(places[n])] ?? (value === undefined ? "" : shownNumber(plainText(value))));
        td.classList.remove("crossed", "lit", "seen");
        td.classList.toggle("covered", td.matches(".a, .k") && !td.textContent && !td.firstElementChild);
        delete td.dataset.state;
      });
      for (const each of copy.querySelectorAll("button, .dots")) each.remove();
      return copy;
    });
    return element("div", { class: "practice" }, said, ...copies);
  }
}

// A small number with the sign of another one; −∞ stays.
function small(own) {
  const sign = Math.sign(toFloat(own));
  const size = Math.floor(3 * Math.random());
  return own === NEG_INF ? own : Fraction.of(sign ? sign * (1 + size) : size - 1);
}

const isSmall = (value) => (value instanceof Span ? Math.abs(value.low) <= LARGEST : value instanceof Fraction && value.bottom <= FINEST && Math.abs(toFloat(value)) <= LARGEST);
