// Slips: what may have led to a wrong number, found by changing the tree of its cell in one place; as
// byhand/marking/slips.py finds them. Which kinds there are, the sheet's table says.

const AROUND = [[-1, 0], [1, 0], [0, -1], [0, 1]];
const MINUS_ONE = ["num", new Fraction(-1n)];
const plus = (n) => (n < 0 ? `${n}` : `+${n}`);
const same = (a, b) => JSON.stringify(a, bigintText) === JSON.stringify(b, bigintText);
const bigintText = (_, value) => (typeof value === "bigint" ? `${value}` : value === NEG_INF ? "-inf" : value);

// The slips that give a wrong answer: kind, detail and share. Only where none does in the numbers in front of the
// student, those that they may have gone by in place of printed ones are tried.
function slipsOf(judged, judgement) {
  const { blank, reading } = judgement;
  if (["text", "change"].includes(blank.role) || reading.kind !== "number") return [];
  if (reading.values[0] === Infinity) {
    return [{ kind: "sign-of-infinity", detail: "", share: judged.rules.sheet.slips.prior["sign-of-infinity"] }];
  }
  for (const own of ["", ...judged.detours(blank)]) {
    const found = new SlipSearch(judged, judgement, own).found();
    if (found.length) return found;
  }
  return [];
}

class SlipSearch {
  constructor(judged, judgement, own) {
    Object.assign(this, { judged, judgement, own, blank: judgement.blank, rules: judged.rules, run: judged.run });
    this.table = this.rules.sheet.slips;
    const numbers = new Map();
    this.number = (...at) => {
      const place = key(...at);
      if (!numbers.has(place)) numbers.set(place, judged.paper.number(this.blank, at, own));
      return numbers.get(place);
    };
  }
  found() {
    const kinds = new Map();
    for (const [kind, detail, value] of this.values()) {
      if (value === null) continue;
      if (!kinds.has(kind)) kinds.set(kind, new Map());
      if (!kinds.get(kind).has(detail)) kinds.get(kind).set(detail, value);
    }
    const found = [];
    for (const [kind, prior] of Object.entries(this.table.prior)) {
      const values = kinds.get(kind) ?? new Map();
      const count = new Set([...values.values()].map(toldApart)).size;
      for (const [detail, value] of values) {
        if (this.judged.says(this.judgement, value)) found.push({ kind, detail, share: prior / count });
      }
    }
    return found;
  }
  // The slips that can be made here: kind, detail, and the number that each gives.
  *values() {
    const { role } = this.blank;
    const rule = role === "inverse" ? (this.blank.tree ??= this.blank.rule && parsed(this.blank.rule)) : this.rules.rule(this.blank);
    if (rule) {
      if (role === "copy") yield* this.miscopied(rule);
      else if (role === "size") yield* this.valued(changedNodes(rule, new Map(), this.table.forms));
      else if (role !== "word") yield* this.miscomputed(rule);
      if (["ask", "entry", "word"].includes(role)) yield* this.valued(this.otherCells());
    }
    yield* this.misread(this.judgement.followed);
  }
  *valued(changed) {
    for (const [kind, detail, tree] of changed) yield [kind, detail, this.value(tree)];
  }
  value(tree) {
    return this.judged.reckoning.compute(tree, this.number);
  }
  *miscomputed(rule) {
    const others = [...this.otherCells()].map(([, , tree]) => tree);
    for (const [kind, detail, tree] of changedNodes(rule, this.shapes(rule), this.table.forms)) {
      if (kind !== "neighbour" || !others.some((other) => same(other, tree))) yield [kind, detail, this.value(tree)];
    }
    const { step, role, i, j } = this.blank;
    if (step !== null && this.run.steps[step].op === "mask_future" && role === "ask") {
      if (rule[0] === "num") {
        yield ["not-masked", "", this.value(["ref", this.run.steps[step].inputs[0], i, j])];
        yield ["zero-for-minus-infinity", "", this.value(["num", ZERO])];
      } else yield ["masked-too-much", "", this.value(["num", NEG_INF])];
    }
    if (rule[0] !== "sub" && this.judgement.followed !== null) yield ["sign-of-result", "", this.value(["mul", MINUS_ONE, rule])];
  }
  shapes(rule) {
    return new Map(refsOf(rule).map(([, step]) => [step, this.run.steps[step].shape]));
  }
  // The rules of the cells around, and of the one on the other side of the diagonal.
  *otherCells() {
    const { step, i, j } = this.blank;
    if (step === null) return;
    const [rows, columns] = this.run.steps[step].shape;
    for (const [down, right] of AROUND) {
      if (!(0 <= i + down && i + down < rows && 0 <= j + right && j + right < columns)) continue;
      const [kind, detail] = down ? ["wrong-row", plus(down)] : ["wrong-column", plus(right)];
      yield [kind, detail, this.run.rule(step, i + down, j + right)];
    }
    if (i !== j && j < rows && i < columns) yield ["mirrored", "", this.run.rule(step, j, i)];
  }
  *miscopied(rule) {
    const shapes = this.shapes(rule);
    for (const [detail, tree] of neighbours(rule, shapes)) yield ["copied-neighbour", detail, this.value(tree)];
    const turned = turnedRef(rule, shapes);
    if (turned) yield ["copied-transposed", "", this.value(turned)];
    yield ["sign-of-result", "", this.value(["mul", MINUS_ONE, rule])];
  }
  // Slips with the digits of the right number.
  *misread(followed) {
    const right = followed === null ? null : this.judged.reckoning.real(followed);
    if (["word", "text", "change"].includes(this.blank.role)) return;
    if (!(right instanceof Fraction || (right instanceof Span && this.judged.reckoning.places !== null))) return;
    const isRounded = this.judged.reckoning.places !== null;
    let { places } = this.blank;
    let text;
    if (right instanceof Span) {
      if (right.low === NEG_INF) return;
      places ??= this.judged.reckoning.places;
      text = decimalText(right.rounded(places), places);
    } else if (places !== null) {
      text = decimalText(right.times(new Fraction(10n ** BigInt(places))).halfAway(), places);
    } else [text, places] = [`${right}`, 0];
    const number = Fraction.parse(text);
    const unit = new Fraction(1n, 10n ** BigInt(places));
    for (const [kind, by] of [["off-by-1", 1], ["off-by-2", 2], ["off-by-10", 10]]) {
      for (const sign of [1, -1]) yield [kind, plus(sign * by), this.exactly(number.plus(unit.times(Fraction.of(sign * by))))];
    }
    if (!places && !number.isWhole) {
      for (const sign of [1n, -1n]) {
        yield ["off-by-1", `above${plus(Number(sign))}`, new Fraction(number.top + sign, number.bottom)];
        if (number.bottom + sign) yield ["off-by-1", `below${plus(Number(sign))}`, new Fraction(number.top, number.bottom + sign)];
      }
    }
    for (let at = 0; at + 1 < text.length; at++) {
      const [one, other] = text.slice(at, at + 2);
      if (/\d\d/.test(one + other) && one !== other) {
        yield ["digits-swapped", `${at}`, orNull(() => this.exactly(Fraction.parse(text.slice(0, at) + other + one + text.slice(at + 2))))];
      }
    }
    if (isRounded) yield* this.misplaced(right, number, places);
  }
  *misplaced(right, number, places) {
    const { values, places: written } = this.judgement.reading;
    const [x] = values;
    const power = (n) => new Fraction(10n).power(BigInt(n));
    if (x instanceof Fraction && written !== null && written < places && !number.equals(x)) {
      const off = new Fraction(1n, 2n * 10n ** BigInt(written)).plus(new Fraction(1n, 2n * 10n ** BigInt(places)));
      if (x.minus(number).absolute().compare(off) <= 0) yield ["too-few-places", "", this.exactly(x)];
    }
    const middle = Fraction.ofFloat(right.middle).times(power(places));
    const cut = new Fraction(middle.top / middle.bottom).over(power(places));
    if (!cut.equals(number)) yield ["truncated", "", this.exactly(cut)];
    yield ["point-misplaced", "*10", this.exactly(number.times(power(1)))];
    yield ["point-misplaced", "/10", this.exactly(new Fraction(halfEven(number.times(power(places - 1)))).over(power(places)))];
  }
  // A number that is meant as it is written, without the half unit of rounding.
  exactly(number) {
    if (this.judged.reckoning.places === null) return number;
    const [x] = this.judgement.reading.values;
    return x instanceof Fraction && x.equals(number) ? this.judged.reckoning.answer(number) : null;
  }
}

const toldApart = (value) => (value instanceof Span ? key(value.low, value.high) : `${value}`);

// The nearest whole number; a tie goes to the even one.
function halfEven(value) {
  const down = floorDiv(value.top, value.bottom);
  const twice = 2n * (value.top - down * value.bottom);
  return twice > value.bottom || (twice === value.bottom && down % 2n !== 0n) ? down + 1n : down;
}

// The trees with one slip in them: kind, detail, tree. shapes: of the matrices that the tree reads.
function* changedNodes(tree, shapes, forms) {
  yield* within(tree, (node) => nodeSlips(node, shapes, forms));
  for (const [step, shape] of shapes) yield* operandSlips(tree, step, shape);
}

// The trees in which one node is changed. The base of a power is left as it is.
function* within(node, slipsOfNode) {
  yield* slipsOfNode(node);
  const children = childrenOf(node);
  for (const [at, child] of children.entries()) {
    if (node[0] === "fn" && node[1] === "pow" && at === 0 && !["ref", "sum", "sub"].includes(child[0])) continue;
    const term = node[0] === "sum" ? `${at + 1}` : "";
    for (const [kind, detail, tree] of within(child, slipsOfNode)) {
      yield [kind, [term, detail].filter(Boolean).join(" "), withChildren(node, children.with(at, tree))];
    }
  }
}

function* nodeSlips(node, shapes, forms) {
  if (node[0] === "ref") {
    for (const [detail, tree] of neighbours(node, shapes)) yield ["neighbour", detail, tree];
  } else if (node[0] === "sum") {
    if (node.length > 2) yield* sumSlips(node.slice(1));
  } else {
    for (const [form, slips] of forms) {
      const parts = matched(form, node);
      if (!parts) continue;
      for (const [kind, detail, tree] of slips) yield [kind, detail, filled(tree, parts)];
      break;
    }
    if (node[0] === "div" && node[2][0] === "num" && node[2][1] instanceof Fraction) {
      for (const by of [1n, -1n]) {
        yield ["wrong-divisor", plus(Number(by)), ["div", node[1], ["num", node[2][1].plus(new Fraction(by))]]];
      }
    }
  }
}

// What the letters of a form stand for in a node; null where it has another form.
function matched(form, node) {
  if (form[0] === "letter") return { [form[1]]: node };
  if (form[0] !== node[0]) return null;
  if (form[0] === "num") return node[1] instanceof Fraction && node[1].equals(form[1]) ? {} : null;
  const [parts, own] = [childrenOf(form), childrenOf(node)];
  if (parts.length !== own.length || (form[0] === "fn" && form[1] !== node[1])) return null;
  const found = {};
  for (const [at, part] of parts.entries()) {
    const ofPart = matched(part, own[at]);
    if (!ofPart) return null;
    Object.assign(found, ofPart);
  }
  return found;
}

function filled(form, parts) {
  if (form[0] === "letter") return parts[form[1]];
  return form[0] === "num" ? form : withChildren(form, childrenOf(form).map((child) => filled(child, parts)));
}

function* sumSlips(terms) {
  const hasProducts = terms.some((term) => term[0] === "mul");
  for (const [at, term] of terms.entries()) {
    const square = term[0] === "fn" && term[1] === "pow";
    yield [square ? "sign-of-square" : "sign", `${at + 1}`, ["sum", ...terms.with(at, ["mul", MINUS_ONE, term])]];
    const bias = hasProducts && term[0] === "ref";
    yield [bias ? "bias-forgotten" : "term-dropped", `${at + 1}`, ["sum", ...terms.toSpliced(at, 1)]];
    yield ["term-twice", `${at + 1}`, ["sum", ...terms, term]];
  }
}

function* neighbours(ref, shapes) {
  if (ref[0] !== "ref" || !shapes.has(ref[1])) return;
  for (const [down, right] of AROUND) {
    const tree = movedRef(ref, down, right, shapes.get(ref[1]));
    if (tree) yield [`${ref[1]} ${plus(down)},${plus(right)}`, tree];
  }
}

function movedRef([, step, i, j], down, right, [rows, columns]) {
  const inside = 0 <= i + down && i + down < rows && 0 <= j + right && j + right < columns;
  return inside ? ["ref", step, i + down, j + right] : null;
}

function turnedRef([kind, step, i, j], shapes) {
  if (kind !== "ref") return null;
  const [rows, columns] = shapes.get(step);
  return i !== j && j < rows && i < columns ? ["ref", step, j, i] : null;
}

// The trees in which one operand is read from another row or column, or turned.
function* operandSlips(tree, step, shape) {
  const own = refsOf(tree).filter((ref) => ref[1] === step);
  if (own.length < 2) return;
  for (const [down, right] of AROUND) {
    if (!own.every((ref) => movedRef(ref, down, right, shape))) continue;
    const [kind, detail] = down ? ["wrong-row", `${step} ${plus(down)}`] : ["wrong-column", `${step} ${plus(right)}`];
    yield [kind, detail, replacedRefs(tree, step, (ref) => movedRef(ref, down, right, shape))];
  }
  if (shape[0] === shape[1]) yield ["transposed-operand", `${step}`, replacedRefs(tree, step, ([, , i, j]) => ["ref", step, j, i])];
}

function replacedRefs(node, step, change) {
  if (node[0] === "ref") return node[1] === step ? change(node) : node;
  return node[0] === "num" ? node : withChildren(node, childrenOf(node).map((child) => replacedRefs(child, step, change)));
}
