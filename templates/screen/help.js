// Help with one cell, step by step: the rule, the cells that it reads, the line of arithmetic, the answer.

const STEPS = ["rule", "cells", "line", "answer"];

class Help {
  constructor(page) {
    this.page = page;
    this.blank = null;
    this.cells = this.foundCells(); // the cells of a step in a section, by place
    this.title = element("span", { class: "cell" });
    this.list = element("ol");
    this.count = element("p", { class: "count" });
    this.close = element("button", { type: "button", class: "close", onclick: () => this.hide() }, page.say("screen.close"));
    this.place = element("aside", { class: "help", "aria-label": page.say("screen.help.title") },
      element("div", { class: "head" }, element("h2", {}, page.say("screen.help.title")), this.title, this.close), this.list, this.count);
    document.body.append(this.place);
    document.addEventListener("focusin", ({ target }) => {
      const blank = this.page.blank(target);
      if (blank) this.at(blank);
    });
    page.onChange(() => this.show());
    this.show();
  }
  // Where each cell of each section stands on the page.
  foundCells() {
    const found = new Map();
    for (const section of this.page.sections) {
      const tables = [...section.place.querySelectorAll("figure.grid table, figure.entries table")];
      section.tables.forEach(({ cells }, at) => {
        const places = [...tables[at].querySelectorAll("td.g, td.a, td.k")];
        let n = 0;
        for (const [step, ...stretch] of cells) {
          for (const [i, j] of cellsOf(stretch)) {
            const place = key(section.at, step, i, j);
            if (step >= 0 && !found.has(place)) found.set(place, places[n]);
            n += 1;
          }
        }
      });
    }
    return found;
  }
  at(blank) {
    this.blank = blank;
    this.show();
  }
  get opened() {
    return this.blank ? this.page.answers.hints[this.blank.id] ?? 0 : 0;
  }
  // Open the next step.
  next() {
    if (!this.blank || this.opened === STEPS.length || ["copy", "change"].includes(this.blank.role)) return;
    this.page.answers.open(this.blank.id, this.opened + 1);
    document.documentElement.classList.add("helped");
    this.show();
    if (this.opened === STEPS.length) this.page.tell([]);
    if (this.close.offsetParent) this.page.field(this.blank).closest("td")?.scrollIntoView({ block: "center", inline: "nearest" }); // above the help
  }
  hide() {
    document.documentElement.classList.remove("helped");
    this.page.fields.get(this.blank?.id)?.focus();
  }
  show() {
    const { blank, page } = this;
    const helped = Object.keys(page.answers.hints).length;
    this.count.textContent = helped ? page.say("screen.help.count", { n: helped }) : "";
    for (const lit of document.querySelectorAll("td.lit")) {
      lit.classList.remove("lit");
      lit.removeAttribute("data-edges");
    }
    if (!blank) {
      this.list.replaceChildren(element("li", { class: "none" }, page.say("screen.help.none")));
      return;
    }
    const field = page.field(blank);
    this.title.textContent = field.dataset.name;
    if (blank.role === "copy" || blank.role === "change") {
      this.list.replaceChildren(element("li", { class: "none" }, page.say(`screen.help.${blank.role}`)));
      return;
    }
    const focused = document.activeElement?.closest?.(".help li")?.dataset.step;
    this.list.replaceChildren(...STEPS.map((name, at) => this.step(name, at)));
    if (focused !== undefined) this.list.querySelector("button")?.focus();
    if (this.opened >= 2) this.light(this.read(blank));
    page.field(blank).closest("td")?.classList.toggle("seen", this.opened === STEPS.length);
  }
  // Cells that stand together have one frame.
  light(cells) {
    for (const cell of cells) cell.classList.add("lit");
    const beside = (row, column) => [...(row?.children ?? [])].find((cell) => cell.matches(".lit") && columnOf(cell) === column);
    for (const cell of cells) {
      const [row, column] = [cell.parentElement, columnOf(cell)];
      const around = { t: beside(row.previousElementSibling, column), r: beside(row, column + 1), b: beside(row.nextElementSibling, column), l: beside(row, column - 1) };
      cell.dataset.edges = Object.keys(around).filter((edge) => !around[edge]).join(" ");
    }
  }
  step(name, at) {
    const { page, opened } = this;
    const state = at < opened ? "open" : at === opened ? "next" : "later";
    const told = at < opened ? element("p", {}, ...withPowers(this.told(name))) : null;
    const button = at === opened ? element("button", { type: "button", onclick: () => this.next() }, page.say(`screen.help.show.${name}`)) : null;
    return element("li", { class: state, "data-step": at }, element("b", {}, page.say(`screen.help.${name}`)), told, button);
  }
  told(name) {
    const { page, blank } = this;
    switch (name) {
      case "rule":
        return this.rule(blank);
      case "cells":
        return page.say(this.read(blank).length ? "screen.help.lit" : "screen.help.unlit");
      case "line":
        return this.line(blank);
      default:
        return page.say("screen.help.is", { value: this.answer(blank) });
    }
  }
  rule(blank) {
    const { page } = this;
    if (blank.role === "text") return page.say("screen.rule.text");
    if (blank.role === "size") return page.say("screen.rule.size");
    if (blank.role === "inverse") return page.say("screen.rule.inverse");
    const { op } = page.run.steps[blank.step];
    if (blank.role === "word") return page.say("screen.rule.word");
    return textOf(page.sheet, `rules.${op}`) ?? page.say("screen.rule.other");
  }
  // The tree of a blank as a reader computes it: what stands nowhere is replaced by its own rule.
  tree(blank) {
    const { rules, run } = this.page;
    const tree = blank.role === "inverse" ? run.unknown.get(placeOf(blank)) : rules.rule(blank);
    const found = (node) => {
      if (node[0] !== "ref") return node[0] === "num" ? node : withChildren(node, childrenOf(node).map(found));
      const at = node.slice(1);
      if (rules.shown(blank, key(...at)) !== undefined) return node;
      return run.isGiven(at[0]) ? node : found(run.rule(...at));
    };
    return tree && found(tree);
  }
  // The cells that the rule of a blank reads, in its own section or in the nearest before it.
  read(blank) {
    const tree = this.tree(blank);
    if (!tree) return [];
    return refsOf(tree).flatMap(([, ...at]) => this.cellOf(blank, at) ?? []);
  }
  cellOf(blank, at) {
    for (let section = blank.section; section >= 0; section--) {
      const cell = this.cells.get(key(section, ...at));
      if (cell) return cell;
    }
    return undefined;
  }
  // The line of arithmetic in the student's own numbers, without its result.
  line(blank) {
    const judged = new Judged(this.page.rules, this.page.answers.texts);
    const chosen = (node) => {
      if (node[0] === "num" || node[0] === "ref") return node;
      const place = node[1] === "choose" ? judged.reckoning.compute(node[2], (...at) => judged.paper.number(blank, at)) : null;
      return place === null ? withChildren(node, childrenOf(node).map(chosen)) : chosen(node[3 + Number(place.low ?? place.top)]);
    };
    const tree = this.tree(blank) && chosen(this.tree(blank));
    if (!tree || tree[0] === "num" || tree[0] === "ref") return this.page.say("screen.help.no_line");
    const number = (...at) => {
      if (blank.role === "inverse") return shownNumber(this.page.run.text(...at));
      const shown = this.page.rules.shown(blank, key(...at));
      const text = shown && judged.judgement(shown).reading.kind === "number" ? this.page.answers.text(shown.id) : "";
      if (text && judged.reading(shown).form !== "power") return judged.reckoning.places === null ? judged.reckoning.text(judged.reading(shown).values[0]) : shownNumber(normalized(text));
      return shownNumber(this.page.run.text(...at));
    };
    return `${written(tree, number)[0]} = …`;
  }
  // What follows from the student's own numbers, as the page would print it.
  answer(blank) {
    const judged = new Judged(this.page.rules, this.page.answers.texts);
    const value = judged.judgement(blank).followed ?? judged.ofKey(blank);
    if (blank.role === "text") return value;
    if (blank.role === "word") return this.page.sheet.vocabulary[Number((judged.words(blank, (...at) => judged.paper.number(blank, at))[0] ?? judged.key(blank)).top)];
    if (blank.places !== null && value instanceof Fraction) return shownNumber(decimalText(value.times(new Fraction(10n ** BigInt(blank.places))).halfAway(), blank.places));
    return judged.reckoning.text(value);
  }
}

// A line of arithmetic with its powers raised.
function withPowers(text) {
  return text.split(/\^(\([^()]*\)|[\d.]+)/).map((part, at) => (at % 2 ? element("sup", {}, part.replace(/[()]/g, "")) : part));
}
