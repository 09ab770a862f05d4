// The page begins to answer.

{
  const sheet = JSON.parse(document.getElementById("sheet").textContent);
  const variants = typeof Variants === "undefined" ? { all: [] } : new Variants(sheet);
  const page = new Page(sheet);
  if (sheet.feedback) new Sums(page);
  const help = sheet.feedback ? new Help(page) : null;
  const checks = sheet.feedback ? new Checks(page, help) : null;
  const copies = new Copies(page);
  const bar = new Bar(page, checks, variants);
  nameField(page);
  ownTicks(page);
  if (typeof ownGuesses !== "undefined") ownGuesses(page);
  const hands = new Hands(page, help, checks);
  const pictures = new Pictures(page, checks);
  new Sideways(page);
  const covers = new Covers(page);
  const end = new End(page, checks, variants);
  const pace = new Pace(page, bar);
  document.addEventListener("focusin", ({ target }) => page.answers.worked(page.idsOf(page.sectionOf(target))[0]));
  page.showAll();
  checks?.recall();
  if (!sheet.feedback) document.querySelector("main").prepend(element("p", { class: "silent" }, page.say(sheet.numbers === "symbolic" ? "screen.letters" : "screen.silent")));
  else document.querySelector("main").append(legend(page));
  window.byhand = { page, variants, help, checks, copies, bar, hands, pictures, covers, end, pace };
}

// What the signs in cells mean.
function legend(page) {
  const states = ["empty", "typed", "right", "own", "not", "seen"];
  return element("ul", { class: "signs" }, ...states.map((state) => {
    const sign = { empty: "", typed: "7", right: "2", own: "0", not: "4", seen: "4" }[state];
    return element("li", {}, element("span", { class: `sign${state === "seen" ? " seen" : ""}`, "data-state": state, "aria-hidden": "true" }, sign), page.say(`screen.legend.${state}`));
  }));
}
