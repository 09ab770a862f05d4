// Rules, as run.json has them: a tree is an array whose first entry says what it is. A rule in the letters i and j
// stands for every cell of a step. A reference is ["ref", step, row, column], the step by its number.

// The tree of one cell: letters replaced, and every Σ written out.
function bound(node, at) {
  switch (node[0]) {
    case "num":
      return node;
    case "ref":
      return ["ref", node[1], at[node[2]] ?? node[2], at[node[3]] ?? node[3]];
    case "bigsum": {
      const [, letter, count, body] = node;
      return ["sum", ...Array.from({ length: count }, (_, k) => bound(body, { ...at, [letter]: k }))];
    }
    case "fn":
      return ["fn", node[1], ...node.slice(2).map((child) => bound(child, at))];
    default:
      return [node[0], ...node.slice(1).map((child) => bound(child, at))];
  }
}

// What a sheet has under a name such as screen.check: a text, or several by the parts that may follow.
const textOf = (sheet, name) => name.split(".").reduce((found, part) => found?.[part], sheet.texts);

// A tree as it travels, with its numbers as texts, as one with numbers.
function parsed(node) {
  if (node[0] === "num") return ["num", node[1] === "-inf" ? NEG_INF : Fraction.parse(node[1])];
  return node.map((part) => (Array.isArray(part) ? parsed(part) : part));
}

const childrenOf = (node) => {
  if (node[0] === "num" || node[0] === "ref") return [];
  return node[0] === "bigsum" ? [node[3]] : node.slice(node[0] === "fn" ? 2 : 1);
};

// The node with other children.
const withChildren = (node, children) => [...node.slice(0, node[0] === "fn" ? 2 : 1), ...children];

// The value of a tree in a number system. number(step, i, j): that of a reference.
function evaluate(node, number, domain) {
  switch (node[0]) {
    case "ref":
      return number(node[1], node[2], node[3]);
    case "num":
      return domain.num(node[1]);
    case "mul":
      return domain.mul(evaluate(node[1], number, domain), evaluate(node[2], number, domain));
    case "sum": {
      if (node.length === 1) return domain.num(ZERO);
      let sum = evaluate(node[1], number, domain);
      for (let at = 2; at < node.length; at++) sum = domain.add(sum, evaluate(node[at], number, domain));
      return sum;
    }
    case "sub":
      return domain.sub(evaluate(node[1], number, domain), evaluate(node[2], number, domain));
    case "div":
      return domain.div(evaluate(node[1], number, domain), evaluate(node[2], number, domain));
    case "fn":
      return domain.fn(node[1], node.slice(2).map((arg) => evaluate(arg, number, domain)));
  }
  throw new TypeError(`not a node: ${node[0]}`);
}

// Every reference of a tree, from left to right.
function refsOf(node) {
  return node[0] === "ref" ? [node] : childrenOf(node).flatMap(refsOf);
}

const key = (...parts) => parts.join(",");

// The number of a short text, in which a page keeps what is no number: a look at the page shows no answer.
function seal(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

// Whether a text is what a sheet keeps as a seal.
const isSealed = (sheet, id, text) => seal(`${sheet.sheet}/${id}/${text}`) === Number(sheet.seals[id]); // a text where runs decide it

// Steps with their rules, from which each number is computed when it is asked for.
class Run {
  constructor(sheet) {
    this.sheet = sheet;
    this.steps = sheet.steps;
    this.exact = sheet.numbers === "exact";
    this.system = this.exact ? new Decimals(0, false) : new RoundedCells(sheet.places, sheet.rounding === "once");
    this.cells = new Map();
    this.numbers = new Map();
    this.printed = new Map((sheet.printed ?? []).map(([step, i, j, text]) => [key(step, i, j), text])); // results of these:
    this.unknown = new Map(); // entries of givens that the student is to find: the rules by which they are found
    this.number = this.number.bind(this);
  }
  // The tree of a cell of a step, which may be that of a mistake.
  tree(step, i, j) {
    if (step.rules) return parsed(step.rules[i][j]);
    return bound(step.parsed ?? (step.parsed = parsed(step.rule)), { i, j });
  }
  isGiven(step) {
    return Boolean(this.steps[step].values);
  }
  rule(step, i, j) {
    const place = key(step, i, j);
    if (!this.cells.has(place)) {
      this.cells.set(place, this.isGiven(step) ? ["num", this.number(step, i, j)] : this.tree(this.steps[step], i, j));
    }
    return this.cells.get(place);
  }
  // The number at a place: a Fraction, a Decimal, or −∞.
  number(step, i, j) {
    const place = key(step, i, j);
    if (!this.numbers.has(place)) this.numbers.set(place, this.computed(step, i, j));
    return this.numbers.get(place);
  }
  computed(step, i, j) {
    const place = key(step, i, j);
    if (this.unknown.has(place)) {
      const printed = (...at) => this.parse(this.printed.get(key(...at)) ?? null) ?? this.number(...at);
      return this.settled(this.unknown.get(place), printed);
    }
    if (this.isGiven(step)) return this.parse(this.steps[step].values[i][j]);
    return this.settled(this.rule(step, i, j), this.number);
  }
  parse(text) {
    if (text === null || text === "-inf") return text && NEG_INF;
    if (!this.exact && text.includes("/")) return this.system.rounded(Fraction.parse(text), Fraction.parse(text));
    return this.exact ? Fraction.parse(text) : Decimal.parse(text);
  }
  settled(tree, number) {
    return this.exact ? writable(evaluate(tree, number, RATIONALS)) : this.system.settle(tree, number);
  }
  // The number as files have it: "3", "-1/2", "0.50", "-inf".
  text(step, i, j) {
    return plainText(this.number(step, i, j));
  }
}

const plainText = (value) => (value === NEG_INF ? "-inf" : value instanceof Decimal ? value.text : `${value}`);

// A sheet as it travels, ready for use: the forms of slips with numbers.
function prepared(sheet) {
  for (const form of sheet.slips?.forms ?? []) {
    form[0] = parsed(form[0]);
    for (const slip of form[1]) slip[2] = parsed(slip[2]);
  }
  return sheet;
}
