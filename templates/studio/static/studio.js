// What a page of the studio does by itself; all else is done by its forms.
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // a button that is not on the page: what a drag asks for, the form sends
  const press = (name, value) => {
    const form = one("#paper"), button = document.createElement("button");
    Object.assign(button, { name, value, hidden: true });
    form.append(button);
    form.requestSubmit(button);
    button.remove();
  };

  // drag a sheet from the gallery into the paper, or a part of the paper to another place
  let dragged = null;
  const place = (y) => all("#parts > li").filter((li) => {
    const box = li.getBoundingClientRect();
    return box.top + box.height / 2 < y;
  }).length;
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.(".card"), grip = event.target.closest?.(".grip");
    dragged = card ? { sheet: card.dataset.sheet } : grip ? { part: grip.closest(".part").dataset } : null;
    if (dragged) event.dataTransfer.setData("text/plain", dragged.sheet ?? dragged.part.which);
  });
  document.addEventListener("dragover", (event) => {
    const paper = dragged && event.target.closest?.("#paper");
    one("#paper")?.classList.toggle("over", Boolean(paper));
    if (paper) event.preventDefault();
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    one("#paper")?.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!dragged || !event.target.closest?.("#paper")) return;
    event.preventDefault();
    const at = place(event.clientY);
    if (dragged.sheet) {
      one("#paper").elements.at.value = at;
      press("add", dragged.sheet);
    } else {
      press("move", `${dragged.part.which} ${at > +dragged.part.place ? at - 1 : at}`);
    }
    dragged = null;
  });

  // the gallery shows the sheets that have all words that are typed
  const find = (typed) => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of all(".card")) {
      card.hidden = !words.every((word) => card.dataset.words.toLowerCase().includes(word));
    }
    for (const group of all(".group")) group.hidden = !one(".card:not([hidden])", group);
    const left = all(".card:not([hidden])").length;
    one("#found").textContent = words.length ? `${left} sheet${left === 1 ? "" : "s"}` : "";
  };
  document.addEventListener("input", (event) => {
    if (event.target.id === "find") find(event.target.value);
  });

  // the next seed, and on a narrow screen the part of the page that is shown
  const show = (tab) => {
    document.body.dataset.shows = tab;
    for (const button of all("[data-tab]")) button.setAttribute("aria-pressed", button.dataset.tab === tab);
  };
  document.addEventListener("click", (event) => {
    if (event.target.id === "next-seed") {
      const seed = one("#seed");
      seed.value = (parseInt(seed.value, 10) || 0) + 1;
      seed.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const tab = event.target.closest?.("[data-tab]");
    if (tab) show(tab.dataset.tab);
  });

  // changes wait for each other: each sends the form as it is when its turn comes, and the button as it was when pressed
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.id !== "paper") return;
    const by = ctx.request.submitter, at = one("#paper").elements.at;
    ctx.pressed = by?.name ? [[by.name, by.value], ["at", at.value]] : [];
    at.value = "";
  });
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.id !== "paper") return;
    const body = new URLSearchParams(new FormData(one("#paper")));
    for (const [name, value] of ctx.pressed) body.set(name, value);
    ctx.request.body = body;
    const page = one("#preview [name=page]");
    if (page && ctx.pressed[0]?.[0] === "add") page.value = ctx.pressed[0][1]; // the preview goes to the sheet that is added
  });

  // what the studio refuses, or that it does not answer, is told in a line, and the page stays as it is
  const tell = (line) => {
    const trouble = one("#trouble");
    if (trouble.textContent !== line) Object.assign(trouble, { textContent: line, hidden: !line });
  };
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const { status, headers } = ctx.response.raw, plain = headers.get("content-type")?.startsWith("text/plain");
    if (status < 400) tell("");
    else tell(plain ? ctx.text.trim() : "The studio was started again: open the address that it printed in its window.");
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx) tell("The studio does not answer. Look whether it still runs, and try again.");
  });
  document.addEventListener("change", (event) => {
    const most = +document.body.dataset.most, files = [...(event.target.files ?? [])];
    if (!files.length || files.reduce((sum, { size }) => sum + size, 10_000) < most) return; // 10,000: what else is sent
    event.stopPropagation(); // nothing is sent
    event.target.value = "";
    tell(`That is over ${most.toLocaleString("en")} bytes, the most at once; send fewer or smaller files.`);
  }, true);

  // the gallery knows which sheets the paper has, and the focus stays where it was, or near it
  let focused = "";
  document.addEventListener("htmx:before:swap", () => { focused = document.activeElement?.id; });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    for (const card of all(".card")) {
      const taken = Boolean(document.getElementById(`part-${card.dataset.sheet}`)), button = one("button", card);
      card.classList.toggle("taken", taken);
      button.name = taken ? "remove" : "add";
      one(".does", button).textContent = taken ? "Remove" : "Add";
    }
    if (ctx?.sourceElement?.matches?.("[action$='/jobs']")) one("#jobs .job")?.scrollIntoView({ block: "nearest" });
    const now = document.activeElement, before = focused && document.getElementById(focused);
    if (!focused || (now !== document.body && !now.disabled)) return;
    const near = before ? one("button:enabled", before.parentElement) : one("#parts button:enabled") ?? one("#title");
    (before && !before.disabled ? before : near)?.focus({ preventScroll: true });
  });
  show(one("#desk.new") ? "sheets" : "page");
})();
