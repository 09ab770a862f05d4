// What a student's text says: a number in any notation that is used by hand, or that there is none; as
// byhand/notation/typed.py reads it.

const MISSING = { kind: "missing", values: [], form: "", places: null };
const UNREADABLE = { kind: "unreadable", values: [], form: "", places: null };
const LONGEST_ANSWER = 40;
const SIGNIFICANT = 3; // digits of a rounding that is as good as what it is rounded from
const LARGEST_POWER = 99;

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺";
const DIGITS = "(?:\\d+(?:[.,]\\d*)?|[.,]\\d+)";
const whole = (pattern) => new RegExp(`^(?:${pattern})$`, "i");
const INFINITY = whole("([+-]?) ?(?:∞|oo|inf|infinity)");
const GROUPS = whole("[+-]? ?\\d{1,3}(?:(?:,\\d{3}){2,}|(?:[ '’]\\d{3})+)(?:\\.\\d+)?|[+-]? ?\\d{1,3}(?:,\\d{3})+\\.\\d+");
const MIXED = whole("([+-]?) ?(\\d+) (\\d+) ?/ ?(\\d+)");
const QUOTIENT = whole(`([+-]?) ?(${DIGITS}) ?/ ?([+-]?) ?(${DIGITS})`);
const NUMBER = whole(`([+-]?) ?(${DIGITS})(?:(?:e| ?[*·×] ?10 ?(?:\\^|\\*\\*) ?\\(?)([+-]?\\d+)\\)?)? ?(%?)`);
const PIECE = new RegExp(`${DIGITS}|√|sqrt|\\^|\\*\\*|[-+*·×/()]`, "gi");
const RAISING = /√|sqrt|\^|\*\*/i;
const TIMES = ["*", "·", "×", "/"];
const FACTORS = [...TIMES, "(", "√", "sqrt"];

const number = (values, form = "", places = null) => ({ kind: "number", values, form, places });
const signed = (sign, value) => {
  if (sign !== "-") return value;
  return value instanceof Fraction ? value.negated() : -value;
};
const isWhole = (digits) => /^\d+$/.test(digits);

// The numbers that digits with a point or a comma may mean.
function decimal(digits) {
  const [before, after = ""] = digits.split(/[.,]/);
  const asPoint = Fraction.parse(`${before || "0"}${after ? `.${after}` : ""}`);
  const grouped = digits.includes(",") && after.length === 3 && before.length > 0 && before.length <= 3 && BigInt(before) > 0n;
  return grouped ? [asPoint, new Fraction(BigInt(before + after))] : [asPoint];
}

const READERS = [
  (text) => {
    const found = text.match(INFINITY);
    return found && number([found[1] === "-" ? NEG_INF : Infinity]);
  },
  (text) => {
    const found = text.match(MIXED);
    if (!found) return null;
    const [, sign, units, top, bottom] = found;
    if (BigInt(bottom) === 0n) return UNREADABLE;
    return number([signed(sign, new Fraction(BigInt(units)).plus(new Fraction(BigInt(top), BigInt(bottom))))], "mixed");
  },
  (text) => {
    const found = text.match(QUOTIENT);
    if (!found) return null;
    const [, sign, top, below, bottom] = found;
    const [above] = decimal(top);
    const [under] = decimal(bottom);
    if (under.sign === 0) return UNREADABLE;
    const whole = isWhole(top) && isWhole(bottom) && !below;
    const reduced = whole && gcd(BigInt(top), BigInt(bottom)) === 1n && !under.equals(ONE);
    const value = signed(below, signed(sign, above.over(under)));
    const exact = [top, bottom].filter((x) => !isWhole(x)).map((x) => x.replace(/[.,]/, "").replace(/^0+/, "").length);
    if (above.sign !== 0 && exact.length && Math.min(...exact) >= SIGNIFICANT) {
      // of a rounded number, as 1/1.732 is
      const places = Math.min(...exact) - 1 - Math.floor(Math.log10(Math.abs(value.toNumber())));
      return number([value], "decimal", Math.max(0, places));
    }
    return number([value], reduced ? (sign === "+" ? "plus" : "") : "unreduced");
  },
  (text) => {
    const found = (GROUPS.test(text) ? text.replace(/(\d)[, '’](?=\d{3})/g, "$1") : text).match(NUMBER);
    if (!found) return null;
    const [, sign, digits, exponent, percent] = found;
    if (exponent && Math.abs(Number(exponent)) > LARGEST_POWER) return UNREADABLE;
    let scale = new Fraction(10n).power(BigInt(exponent || 0));
    if (percent) scale = scale.over(new Fraction(100n));
    const whole = isWhole(digits) && !exponent;
    const form = percent ? "percent" : whole ? (sign === "+" ? "plus" : "") : "decimal";
    const after = isWhole(digits) ? 0 : digits.split(/[.,]/)[1].length;
    const places = after - Number(exponent || 0);
    return number(decimal(digits).map((value) => signed(sign, value.times(scale))), form, percent || places < 0 ? null : places);
  },
  // A number with roots or powers: 3/√11, 2√3, 11^(1/2), 1 + √2. A sum is a number only if it cannot be worked out further.
  (text) => {
    const pieces = text.match(PIECE) ?? [];
    if (!RAISING.test(text) || pieces.join("") !== text.replaceAll(" ", "")) return null;
    const left = pieces.map((piece) => piece.toLowerCase()).reverse();
    const value = orNull(() => sumOf(left));
    if (value === null || left.length || !Number.isFinite(toFloat(value))) return UNREADABLE;
    return number([value], /\^|\*\*/.test(text) && value instanceof Fraction ? "power" : "root");
  },
];

// The values of pieces, which are taken away; left: the pieces, the next one last. What says no number is an error.
const nextIs = (left, ...pieces) => pieces.includes(left.at(-1));

function sumOf(left) {
  let value = signed(nextIs(left, "+", "-") ? left.pop() : "", productOfPieces(left));
  let isSum = false;
  while (nextIs(left, "+", "-")) [value, isSum] = [EITHER.add(value, signed(left.pop(), productOfPieces(left))), true];
  if (isSum && value instanceof Fraction) throw new ArithmeticError("a sum that is not worked out");
  return value;
}

function productOfPieces(left) {
  let value = factorOf(left);
  while (nextIs(left, ...FACTORS)) {
    const by = nextIs(left, ...TIMES) ? left.pop() : "*";
    value = EITHER[by === "/" ? "div" : "mul"](value, factorOf(left));
  }
  return value;
}

function factorOf(left) {
  const base = atomOf(left);
  if (!nextIs(left, "^", "**")) return base;
  left.pop();
  return powerOf(base, signed(nextIs(left, "+", "-") ? left.pop() : "", atomOf(left)));
}

// A number, a root, or what stands in brackets, of which the last may be left out.
function atomOf(left) {
  const piece = left.pop() ?? "";
  if (piece === "√" || piece === "sqrt") return powerOf(atomOf(left), new Fraction(1n, 2n));
  if (piece === "(") {
    const value = sumOf(left);
    if (left.length && left.pop() !== ")") throw new ArithmeticError("a bracket that is not closed");
    return value;
  }
  if (!/\d/.test(piece)) throw new ArithmeticError("a sign where a number is due");
  return decimal(piece)[0];
}

// A power, which is a float where it is not rational.
function powerOf(base, exponent) {
  if (!(exponent instanceof Fraction) || [size(exponent.top), exponent.bottom].some((n) => n > LARGEST_POWER)) {
    throw new ArithmeticError("no such power is used by hand");
  }
  const value = EITHER.fn("pow", [base, exponent]);
  const isTooLong = value === 0 || (exponent.isWhole && !(value instanceof Fraction));
  if (base instanceof Fraction && isTooLong) throw new ArithmeticError("too long to write");
  return value;
}

// A formula in LaTeX as it is written by hand: \\frac{1}{\\sqrt{3}} is (1)/(√(3)).
function byHand(text) {
  const signs = { "\\sqrt": "√", "\\cdot": "*", "\\times": "*", "\\left": "", "\\right": "" };
  const plain = Object.entries(signs).reduce((all, [command, sign]) => all.replaceAll(command, sign), text);
  return plain
    .replace(/([√^])\s*\{([^{}]*)\}/g, "$1($2)")
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "($1)/($2)")
    .replace(/[{}]/g, "");
}

// A text with one kind of minus sign, slash, space and digit, and with ½ as 1/2; without what says that a number is
// rounded; and what is written for LaTeX as it is written by hand.
function normalized(written) {
  let text = written.replace(/^\s*[≈≃≅]\s*|(?<=\p{Nd})\s*(?:…|\.\.\.)\s*$/gu, "");
  if (/[\\{]/.test(text)) text = byHand(text);
  const usual = [...text.replace(/(√|\^|\*\*)\s*([-+−]?[¼½¾⅐-⅞])/g, "$1($2)").replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+/g, (raised) => `^(${[...raised].map((c) => "0123456789-+"[RAISED.indexOf(c)]).join("")})`)];
  return usual
    .map((c) => {
      if (c === "…") return "...";
      if (/\p{Nd}/u.test(c)) return digitOf(c);
      if (/\p{No}/u.test(c) && c.normalize("NFKC").includes("⁄")) return ` ${c.normalize("NFKC")}`;
      return c;
    })
    .join("")
    .replace(/[−–—‐‑‒﹣－]/g, "-")
    .replace(/[∕⁄÷／:]/g, "/")
    .replace(/\s+/g, " ")
    .trim();
}

// The value of a digit of any script: these stand in rows of ten.
function digitOf(character) {
  let at = character.codePointAt(0);
  if (at < 128) return character;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(at - 1))) [at, value] = [at - 1, value + 1];
  return `${value}`;
}

function read(text) {
  const plain = normalized(text);
  if (["", "?", ".", "..", "..."].includes(plain)) return MISSING;
  if (plain.length > LONGEST_ANSWER) return UNREADABLE;
  for (const reader of READERS) {
    const found = reader(plain);
    if (found) return found;
  }
  return UNREADABLE;
}
