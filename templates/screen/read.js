// What a student's text says: a number in any notation that is used by hand, or that there is none; as
// byhand/notation/typed.py reads it.

const MISSING = { kind: "missing", values: [], form: "", places: null };
const UNREADABLE = { kind: "unreadable", values: [], form: "", places: null };
const LONGEST_ANSWER = 40;
const LARGEST_POWER = 99;

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺";
const DIGITS = "(?:\\d+(?:[.,]\\d*)?|[.,]\\d+)";
const whole = (pattern) => new RegExp(`^(?:${pattern})$`, "i");
const INFINITY = whole("([+-]?) ?(?:∞|oo|inf|infinity)");
const GROUPS = whole("[+-]? ?\\d{1,3}(?:(?:,\\d{3}){2,}|(?:[ '’]\\d{3})+)(?:\\.\\d+)?|[+-]? ?\\d{1,3}(?:,\\d{3})+\\.\\d+");
const MIXED = whole("([+-]?) ?(\\d+) (\\d+) ?/ ?(\\d+)");
const QUOTIENT = whole(`([+-]?) ?(${DIGITS}) ?/ ?([+-]?) ?(${DIGITS})`);
const NUMBER = whole(`([+-]?) ?(${DIGITS})(?:e([+-]?\\d+))? ?(%?)`);
const ROOT = whole(`([+-]?) ?(?:(\\d+) ?[*·]? ?)?(?:√ ?\\(?|sqrt ?\\(?) ?(${DIGITS}) ?\\)?(?: ?/ ?(\\d+))?`);
const POWER = whole(`([+-]?) ?\\(?(${DIGITS})\\)? ?(?:\\^|\\*\\*) ?\\(?([+-]?) ?(\\d+)\\)?`);

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
    const form = reduced ? (sign === "+" ? "plus" : "") : "unreduced";
    return number([signed(below, signed(sign, above.over(under)))], form);
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
    const places = exponent || percent ? null : isWhole(digits) ? 0 : digits.split(/[.,]/)[1].length;
    return number(decimal(digits).map((value) => signed(sign, value.times(scale))), form, places);
  },
  (text) => {
    const found = text.match(ROOT);
    if (!found) return null;
    const [, sign, factor, digits, bottom] = found;
    if (bottom && BigInt(bottom) === 0n) return UNREADABLE;
    const scale = new Fraction(BigInt(factor || 1), BigInt(bottom || 1));
    return number([signed(sign, EITHER.mul(EITHER.fn("sqrt", [decimal(digits)[0]]), scale))], "root");
  },
  (text) => {
    const found = text.match(POWER);
    if (!found) return null;
    const [, sign, digits, minus, exponent] = found;
    const [base] = decimal(digits);
    if (exponent.length > 3 || Number(exponent) > LARGEST_POWER || (minus === "-" && base.sign === 0)) return UNREADABLE;
    return number([signed(sign, base.power(BigInt(minus + exponent)))], "power");
  },
];

// A text with one kind of minus sign, slash, space and digit, and with ½ as 1/2.
function normalized(text) {
  const usual = [...text.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+/g, (raised) => `^(${[...raised].map((c) => "0123456789-+"[RAISED.indexOf(c)]).join("")})`)];
  return usual
    .map((c) => {
      if (c === "…") return "...";
      if (/\p{Nd}/u.test(c)) return digitOf(c);
      if (/\p{No}/u.test(c) && c.normalize("NFKC").includes("⁄")) return ` ${c.normalize("NFKC")}`;
      return c;
    })
    .join("")
    .replace(/[−–—‐‑‒﹣－]/g, "-")
    .replace(/[∕⁄÷／]/g, "/")
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
