// What is wider than the screen can be moved sideways. It says so in words, and can be reached and moved by keys.

class Sideways {
  constructor(page) {
    this.page = page;
    this.notes = new Map();
    const watch = new ResizeObserver((seen) => seen.forEach(({ target }) => this.tell(target)));
    for (const place of document.querySelectorAll(".map, figure.entries, figure.grid, .picture .port")) {
      watch.observe(place);
      if (place.firstElementChild) watch.observe(place.firstElementChild);
    }
  }
  tell(target) {
    const place = target.matches(".map, figure, .port") ? target : target.parentElement;
    const isWide = place.scrollWidth > place.clientWidth + 1;
    if (isWide === this.notes.has(place)) return;
    if (!isWide) {
      this.notes.get(place).remove();
      this.notes.delete(place);
      for (const name of ["tabindex", "role", "aria-label"]) place.removeAttribute(name);
      return;
    }
    const note = element("p", { class: "sideways" }, this.page.say("screen.sideways.said"));
    place.tabIndex = 0;
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", this.page.say("screen.sideways.called"));
    place.after(note);
    this.notes.set(place, note);
  }
}
