// What comes of the boxes of a changed number: the verdict, the name of what is said of it, and what is filled in there;
// as byhand/worksheet/construction.py has it. run: with its number function, which has the numbers before.
function changed({ step, axes, labels, transposed, free, test }, texts, run) {
  const plain = texts.map((text) => text.split(/\s+/).filter(Boolean).join(" "));
  if (plain.includes("")) return ["missing", ""];
  const parts = (text) => text.split(/\s*[,;&/]\s*|\s+and\s+/).filter(Boolean);
  const found = [0, 1].map((axis) => free.map((place) => place[axis]));
  for (const [at, axis] of axes.entries()) {
    found[axis] = placesNamed(labels[axis], plain[at]);
    if (found[axis].length) continue;
    const several = parts(plain[at]);
    if (several.length > 1 && several.every((part) => placesNamed(labels[axis], part).length)) return ["wrong", "several"];
    const line = (axis === 0) !== transposed ? "row" : "column";
    return ["wrong", `no_${line}`, { text: plain[at], labels: [...new Set(labels[axis])].join(", ") }];
  }
  const becomes = plain.at(-1);
  const numbers = read(becomes).values.filter((x) => x instanceof Fraction);
  if (!numbers.length) {
    const several = parts(becomes);
    return several.length > 1 && several.every((part) => read(part).values.length) ? ["wrong", "several"] : ["unreadable", "no_number"];
  }
  const open = free.filter(([i, j]) => found[0].includes(i) && found[1].includes(j));
  if (!open.length) return ["wrong", "fixed"];
  const before = (...at) => asFraction(run.number(...at));
  const isNew = ([i, j], number) => run.number(step, i, j) === NEG_INF || !number.equals(before(step, i, j));
  const tried = open.flatMap((place) => numbers.filter((number) => isNew(place, number)).map((number) => [place, number]));
  if (!tried.length) return ["wrong", "unchanged"];
  const holds = ([[i, j], number]) => {
    const after = (...at) => (key(...at) === key(step, i, j) ? number : run.number(...at) === NEG_INF ? NEG_INF : before(...at));
    return orNull(() => isTrue(test, after)) ?? false;
  };
  return tried.some(holds) ? ["right", ""] : ["wrong", "not_yet"];
}

// The places of an axis that a text names: by their label, or by their number, counted from 1.
function placesNamed(labels, text) {
  const typed = (label) => label.toLowerCase().replaceAll("−", "-").replace(/^\+/, "");
  const plain = typed(text).replace(/^[“”"']+|[“”"']+$/g, "");
  const called = (label, at) => (labels.filter((each) => each === label).length > 1 ? `${at + 1} (${label})` : label);
  const byLabel = [...labels.keys()].filter((at) => [labels[at], called(labels[at], at)].some((name) => typed(name) === plain));
  const n = /^\p{Nd}{1,4}$/u.test(plain) ? Number([...plain].map(digitOf).join("")) : 0;
  return byLabel.length || n < 1 || n > labels.length ? byLabel : [n - 1];
}

// Whether a condition holds: ["and", …], ["or", …], ["not", test], or a comparison of two trees. number: of references.
function isTrue([sign, ...parts], number) {
  if (sign === "and") return parts.every((part) => isTrue(part, number));
  if (sign === "or") return parts.some((part) => isTrue(part, number));
  if (sign === "not") return !isTrue(parts[0], number);
  const [one, other] = parts.map((tree) => evaluate(parsed(tree), number, EITHER));
  const order = (isFloat(one) || isFloat(other)) && isClose(toFloat(one), toFloat(other)) ? 0 : toFloatCompare(one, other);
  return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order === 0, "!=": order !== 0 }[sign];
}
