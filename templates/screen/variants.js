// Other numbers: the page as it is with another seed, of which it brings the differences along.

class Variants {
  constructor(sheet) {
    this.all = JSON.parse(document.getElementById("variants").textContent);
    this.place = `byhand numbers ${sheet.sheet} ${sheet.hash}`;
    this.at = this.kept();
    if (this.at) this.apply(sheet, this.all[this.at - 1]);
  }
  // Which one was chosen last: 0 for the sheet's own numbers.
  kept() {
    try {
      return Math.min(Number(localStorage.getItem(this.place) ?? 0), this.all.length);
    } catch {
      return Math.min(Number(location.hash.match(/^#numbers-(\d+)$/)?.[1] ?? 0), this.all.length);
    }
  }
  next() {
    const at = (this.at + 1) % (this.all.length + 1);
    try {
      localStorage.setItem(this.place, `${at}`);
    } catch {
      location.hash = `numbers-${at}`;
    }
    location.reload();
  }
  apply(sheet, { texts, attributes, drawings, sheet: differences }) {
    const isLeftOut = (node) => node.parentElement.closest("script, style, svg");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) => (node.data.trim() && !isLeftOut(node) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT));
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    const elements = [...document.body.querySelectorAll("*")].filter((each) => !each.closest("script, style, svg") && each.tagName !== "TBODY");
    const pictures = [...document.body.querySelectorAll("svg")];
    for (const [at, name, value] of attributes) elements[at].setAttribute(name, value);
    for (const [at, text] of texts) nodes[at].data = text;
    for (const [at, drawing] of drawings) pictures[at].outerHTML = drawing;
    for (const [path, value] of differences) {
      const last = path.at(-1);
      path.slice(0, -1).reduce((within, key) => within[key], sheet)[last] = value;
    }
  }
}
