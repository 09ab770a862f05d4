// On a phone one step at a time: those that come later stand behind a button. Wide screens and paper show the whole page.

class Pace {
  constructor(page, bar) {
    this.page = page;
    this.steps = []; // of sections: a step, with what stands below it without a number
    for (const section of page.sections) {
      const step = this.steps.at(-1);
      if (!step || (section.number && step.some(({ number }) => number))) this.steps.push([section]);
      else step.push(section);
    }
    this.next = element("button", { type: "button", class: "main", onclick: () => this.goOn() });
    document.querySelector("main").append(element("p", { class: "pace" }, this.next));
    const box = element("input", { type: "checkbox", onchange: () => page.answers.choose("pace", this.choose(box.checked)) });
    box.checked = this.choose(page.answers.settings.pace ?? true);
    bar.menu.querySelector(".items").append(element("label", { class: "pace" }, box, page.say("screen.pace.one")));
    page.reveal = (place) => this.show(Math.max(this.at, this.stepOf(place)));
    page.beyond = this.next;
    bar.onAgain = () => this.show(0);
    const isBegun = (section) => page.idsOf(section).some((id) => page.answers.text(id) && !page.answers.copied.has(id));
    this.show(this.steps.findLastIndex((step) => step.some(isBegun)));
  }
  choose(isOn) {
    document.documentElement.classList.toggle("paced", isOn);
    return isOn;
  }
  stepOf(place) {
    return this.steps.findIndex((step) => step.some((section) => section.place.contains(place)));
  }
  // Show the steps up to one.
  show(at) {
    this.at = Math.max(at, 0);
    this.steps.forEach((step, n) => step.forEach(({ place }) => place.classList.toggle("later", n > this.at)));
    const after = this.steps[this.at + 1];
    document.documentElement.classList.toggle("unfinished", Boolean(after));
    if (after) this.next.textContent = this.page.say("screen.pace.next", { step: this.page.called(after[0]) });
  }
  goOn() {
    this.show(this.at + 1);
    const { place } = this.steps[this.at][0];
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "start" });
  }
}
