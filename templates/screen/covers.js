// Checkpoints: numbers that a step asks for, and a later one prints to go on with, are covered there until all of them are
// written in their own step, or until one asks to see them.

class Covers {
  constructor(page) {
    this.page = page;
    this.covers = (page.sheet.covers ?? []).map((cover) => this.cover(...cover));
    page.onChange(() => this.show());
  }
  // The cells of a figure that show a step for which a section before asks, and the button that uncovers them.
  cover(at, number, asking, step, ...stretches) {
    const { page } = this;
    const figure = page.sections[at].place.querySelectorAll("figure.grid, figure.entries")[number];
    const all = [...figure.querySelectorAll("td.g, td.a, td.k")];
    const cells = [];
    for (let n = 0; n < stretches.length; n += 2) cells.push(...all.slice(stretches[n], stretches[n] + stretches[n + 1]));
    for (const cell of cells) cell.append(element("span", {}, ...cell.childNodes));
    const cover = { figure, cells, name: page.sheet.steps[step].name };
    cover.ids = page.blanksOf(page.sections[asking]).filter((blank) => blank.step === step && blank.role !== "copy").map(({ id }) => id);
    cover.button = element("button", { type: "button", class: "uncover", onclick: () => this.open(cover) }, page.say("screen.covered.button", { n: page.sections[asking].number }));
    figure.prepend(cover.button);
    return cover;
  }
  get opened() {
    return this.page.answers.settings.uncovered ?? [];
  }
  uncover(name) {
    this.page.answers.choose("uncovered", [...this.opened, name]);
  }
  open({ figure, name }) {
    this.uncover(name);
    this.show();
    (figure.querySelector("input") ?? figure.closest("section").querySelector("input, textarea"))?.focus();
  }
  show() {
    const { page } = this;
    for (const { cells, name, ids, button } of this.covers) {
      if (!this.opened.includes(name) && ids.every((id) => page.answers.text(id))) this.uncover(name);
      button.hidden = this.opened.includes(name);
      for (const cell of cells) {
        cell.classList.toggle("covered", !button.hidden);
        if (button.hidden) cell.removeAttribute("aria-label");
        else cell.setAttribute("aria-label", page.say("screen.covered.cell"));
      }
    }
  }
}
