// The end of the sheet: a word once all of it stands, above what one can do now, and below it the sheet that comes next.

class End {
  constructor(page, checks, variants) {
    Object.assign(this, { page, checks });
    const main = document.querySelector("main");
    const able = main.querySelector(".able") ?? main.appendChild(element("section", { class: "able" }));
    this.said = element("p", { class: "stands", role: "status" });
    this.again = element("button", { type: "button", onclick: () => variants.next() }, page.say("screen.numbers"));
    able.prepend(this.said);
    for (const [called, link] of page.sheet.after) {
      able.append(element("p", { class: "next" }, page.say("screen.end.next"), " ", link ? element("a", { href: link }, called) : called));
    }
    if (variants.all.length) able.append(this.again);
    checks?.onMarks(() => this.show());
    this.show();
  }
  show() {
    const ids = [...(this.checks?.boxes.keys() ?? [])].flatMap((section) => this.checks.idsOf(section));
    const stands = ids.length > 0 && ids.every((id) => ["right", "own"].includes(this.checks.marks.get(id)));
    this.said.textContent = stands ? this.page.say("screen.end.all", { n: ids.length }) : "";
    this.again.hidden = !stands;
  }
}
