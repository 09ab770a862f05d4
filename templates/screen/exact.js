// Numbers without rounding: fractions of whole numbers of any length, and −∞, which is JavaScript's own.
// A number system has add, sub, mul, div and fn; what it does not have is an error, as in byhand/arithmetic/domain.py.

class ArithmeticError extends Error {}
class NoQuotient extends ArithmeticError {} // a division by 0
class LeavesDomain extends ArithmeticError {} // a value that the number system does not have, such as √2
class NotReal extends LeavesDomain {} // a value that no number system has, such as √−1
class Undecided extends LeavesDomain {} // an enclosure is too wide to tell

const NEG_INF = -Infinity;
const MOST_BITS = 10000; // of a numerator or denominator that can be written
const TOO_LONG = 1n << BigInt(MOST_BITS);
const TOO_LONG_WITHIN = 1n << BigInt(10 * MOST_BITS); // for a number within a cell

const size = (n) => (n < 0n ? -n : n);
const bitsOf = (n) => size(n).toString(2).length;
const floorDiv = (a, b) => (a % b !== 0n && a < 0n !== b < 0n ? a / b - 1n : a / b);
const ceilDiv = (a, b) => -floorDiv(-a, b);

function gcd(a, b) {
  while (b) [a, b] = [b, a % b];
  return size(a);
}

class Fraction {
  constructor(top, bottom = 1n) {
    if (bottom !== 1n) {
      if (bottom === 0n) throw new NoQuotient("a division by 0");
      const common = bottom < 0n ? -gcd(top, bottom) : gcd(top, bottom);
      if (common !== 1n) [top, bottom] = [top / common, bottom / common];
    }
    this.top = top;
    this.bottom = bottom;
  }
  static of(number) {
    return number instanceof Fraction ? number : new Fraction(BigInt(number));
  }
  // "3", "-1/2", "0.25"
  static parse(text) {
    const [top, bottom = "1"] = text.split("/");
    const [whole, digits = ""] = top.split(".");
    return new Fraction(BigInt(whole + digits), 10n ** BigInt(digits.length) * BigInt(bottom));
  }
  static ofFloat(number) {
    let bottom = 1n;
    while (!Number.isInteger(number)) [number, bottom] = [number * 2, bottom * 2n];
    return new Fraction(BigInt(number), bottom);
  }
  get isWhole() {
    return this.bottom === 1n;
  }
  get sign() {
    return this.top === 0n ? 0 : this.top < 0n ? -1 : 1;
  }
  plus(other) {
    if (this.bottom === other.bottom) return new Fraction(this.top + other.top, this.bottom);
    return new Fraction(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom);
  }
  negated() {
    return new Fraction(-this.top, this.bottom);
  }
  absolute() {
    return this.top < 0n ? this.negated() : this;
  }
  minus(other) {
    return this.plus(other.negated());
  }
  times(other) {
    return new Fraction(this.top * other.top, this.bottom * other.bottom);
  }
  over(other) {
    return new Fraction(this.top * other.bottom, this.bottom * other.top);
  }
  power(exponent) {
    const times = size(exponent);
    if (exponent < 0n) return new Fraction(this.bottom ** times, this.top ** times);
    return new Fraction(this.top ** times, this.bottom ** times);
  }
  compare(other) {
    const difference = this.top * other.bottom - other.top * this.bottom;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  equals(other) {
    return this.top === other.top && this.bottom === other.bottom;
  }
  // The nearest whole number; ties are rounded away from zero.
  halfAway() {
    const nearest = (2n * size(this.top) + this.bottom) / (2n * this.bottom);
    return this.top < 0n ? -nearest : nearest;
  }
  toNumber() {
    const longest = Math.max(bitsOf(this.top), bitsOf(this.bottom));
    if (longest <= 53) return Number(this.top) / Number(this.bottom);
    const shift = BigInt(Math.max(0, bitsOf(this.bottom) - bitsOf(this.top) + 64));
    const quotient = (this.top << shift) / this.bottom;
    const excess = BigInt(Math.max(0, bitsOf(quotient) - 64));
    return Number(quotient >> excess) * 2 ** Number(excess - shift);
  }
  toString() {
    return this.isWhole ? `${this.top}` : `${this.top}/${this.bottom}`;
  }
}

const ZERO = new Fraction(0n);
const ONE = new Fraction(1n);

class Domain {
  checked(value) {
    return value;
  }
  add(a, b) {
    return a === NEG_INF || b === NEG_INF ? NEG_INF : this.checked(this.plus(a, b));
  }
  sub(a, b) {
    if (b === NEG_INF) throw new NotReal("−∞ cannot be subtracted");
    return a === NEG_INF ? NEG_INF : this.checked(this.minus(a, b));
  }
  mul(a, b) {
    if (a === NEG_INF || b === NEG_INF) throw new NotReal("−∞ has no place in a product");
    return this.checked(this.times(a, b));
  }
  div(a, b) {
    if (a === NEG_INF && b !== NEG_INF && this.exceeds(b, 0)) return NEG_INF;
    if (a === NEG_INF || b === NEG_INF) throw new NotReal("−∞ has no place in a quotient");
    return this.checked(this.over(a, b));
  }
  fn(name, args) {
    if (name === "choose") return args[1 + this.whole(args[0])];
    if (name === "max" || name === "argmax" || !args.includes(NEG_INF)) return this.func(name, args);
    if (name === "pow" && args[0] !== NEG_INF && this.exceeds(args[0], 1)) return this.num(ZERO);
    throw new NotReal(`−∞ has no place in ${name}`);
  }
}

// The place of the largest, counted from 0; of equals, the first.
function firstLargest(values, compare) {
  let best = 0;
  values.forEach((value, at) => {
    if (at && compare(value, values[best]) > 0) best = at;
  });
  return best;
}

const compareExact = (a, b) => {
  if (a === NEG_INF || b === NEG_INF) return a === b ? 0 : a === NEG_INF ? -1 : 1;
  return a.compare(b);
};

// The root of a whole number, rounded down.
function rootDown(n, degree = 2n) {
  if (n < 2n) return n;
  let low = 1n;
  let high = 1n << BigInt(Math.floor(bitsOf(n) / Number(degree)) + 1);
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** degree <= n) low = middle;
    else high = middle - 1n;
  }
  return low;
}

class Rationals extends Domain {
  num(value) {
    return value;
  }
  whole(value) {
    return Number(value.top);
  }
  exceeds(a, bound) {
    return a.top > BigInt(bound) * a.bottom;
  }
  checked(value) {
    if (value.bottom >= TOO_LONG_WITHIN) throw new LeavesDomain("too long to write");
    return value;
  }
  plus(a, b) {
    return a.plus(b);
  }
  minus(a, b) {
    return a.minus(b);
  }
  times(a, b) {
    return a.times(b);
  }
  over(a, b) {
    return a.over(b);
  }
  func(name, args) {
    const [x, y] = args;
    switch (name) {
      case "pow":
        return this.power(x, y);
      case "sqrt":
        if (x.top < 0n) throw new NotReal("the root of a negative number");
        return this.root(x, 2n);
      case "log":
        return this.logarithm(x, y);
      case "max":
        return args[firstLargest(args, compareExact)];
      case "argmax":
        return Fraction.of(firstLargest(args, compareExact));
      case "sinpi":
        return this.sineOfHalfTurns(x);
      case "cospi":
        return this.sineOfHalfTurns(x.plus(new Fraction(1n, 2n)));
      case "sin":
      case "gelu":
      case "erf":
        if (x.top === 0n) return ZERO;
        break;
      case "cos":
        if (x.top === 0n) return ONE;
    }
    throw new LeavesDomain(`${name} is not a rational number`);
  }
  power(base, exponent) {
    if (base.top < 0n && !exponent.isWhole) throw new NotReal("a root of a negative number");
    const largest = size(base.top) > base.bottom ? size(base.top) : base.bottom;
    const bits = new Fraction(size(exponent.top) * BigInt(bitsOf(largest) - 1), exponent.bottom);
    if (this.exceeds(bits, MOST_BITS)) throw new LeavesDomain("too long to write");
    if (exponent.isWhole) return base.power(exponent.top);
    return this.root(base, exponent.bottom).power(exponent.top);
  }
  root(x, degree) {
    const parts = [x.top, x.bottom].map((n) => {
      const root = degree < BigInt(bitsOf(n)) || n < 2n ? rootDown(n, degree) : 1n;
      if (root ** degree !== n) throw new LeavesDomain("the root is not a rational number");
      return root;
    });
    return new Fraction(...parts);
  }
  logarithm(base, x) {
    if (x.top <= 0n) throw new NotReal("the logarithm of a number that is not positive");
    const large = x.compare(ONE) < 0 ? ONE.over(x) : x;
    let [power, exponent] = [ONE, 0];
    while (power.compare(large) < 0) [power, exponent] = [power.times(base), exponent + 1];
    if (!power.equals(large)) throw new LeavesDomain("the logarithm is not a whole number");
    return Fraction.of(x.compare(ONE) > 0 ? exponent : -exponent);
  }
  // sin(πx), which is rational only at 0, ±1/2 and ±1.
  sineOfHalfTurns(x) {
    const sines = { 0: 0, 1: 1, 3: 2, 5: 1, 6: 0, 7: -1, 9: -2, 11: -1 };
    const sixths = x.times(Fraction.of(6));
    const at = ((sixths.top % 12n) + 12n) % 12n;
    if (!sixths.isWhole || !(at in sines)) throw new LeavesDomain("the sine is not a rational number");
    return new Fraction(BigInt(sines[at]), 2n);
  }
}

const RATIONALS = new Rationals();

function writable(value) {
  if (value !== NEG_INF && (size(value.top) >= TOO_LONG || value.bottom >= TOO_LONG)) {
    throw new LeavesDomain("too long to write");
  }
  return value;
}

// JavaScript's own numbers: for values that leave the fractions after a slip, such as √3.
class Floats extends Domain {
  num(value) {
    return this.checked(typeof value === "number" ? value : value.toNumber(), true);
  }
  whole(value) {
    return value;
  }
  exceeds(a, bound) {
    return a > bound;
  }
  checked(value, orInfinite = false) {
    if (Number.isFinite(value) || (orInfinite && value === NEG_INF)) return value;
    throw new LeavesDomain("too large");
  }
  plus(a, b) {
    return a + b;
  }
  minus(a, b) {
    return a - b;
  }
  times(a, b) {
    return a * b;
  }
  over(a, b) {
    if (b === 0) throw new NoQuotient("a division by 0");
    return a / b;
  }
  func(name, args) {
    const [x, y] = args;
    switch (name) {
      case "pow":
        if (x < 0 && !Number.isInteger(y)) throw new NotReal("a root of a negative number");
        if (x === 0 && y < 0) throw new NoQuotient("a division by 0");
        return this.checked(x ** y);
      case "sqrt":
        if (x < 0) throw new NotReal("the root of a negative number");
        return Math.sqrt(x);
      case "log":
        if (y <= 0) throw new NotReal("the logarithm of a number that is not positive");
        return x === 2 ? Math.log2(y) : Math.log(y) / Math.log(x);
      case "max":
        return Math.max(...args);
      case "argmax":
        return firstLargest(args, (a, b) => a - b);
      case "sin":
        return Math.sin(x);
      case "cos":
        return Math.cos(x);
      case "sinpi":
        return Math.sin(Math.PI * x);
      case "cospi":
        return Math.cos(Math.PI * x);
      case "gelu":
        return (x * (1 + erf(x / Math.SQRT2))) / 2;
      case "erf":
        return erf(x);
      case "e":
        return Math.E;
      case "pi":
        return Math.PI;
    }
    throw new TypeError(`no function ${name}`);
  }
}

// erf x = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1))
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, 0];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum) || n < 3; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
    if (n > 500 || term === 0) break;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * (sum + term);
}

const FLOATS = new Floats();

// Fractions as long as they last, and then floats.
class Either extends Domain {
  num(value) {
    return value;
  }
  whole(value) {
    return typeof value === "number" ? value : Number(value.top);
  }
  exceeds(a, bound) {
    return (typeof a === "number" ? FLOATS : RATIONALS).exceeds(a, bound);
  }
  checked(value) {
    return (typeof value === "number" ? FLOATS : RATIONALS).checked(value);
  }
  both(name, a, b) {
    if (typeof a !== "number" && typeof b !== "number") return RATIONALS[name](a, b);
    return FLOATS[name](FLOATS.num(a), FLOATS.num(b));
  }
  plus(a, b) {
    return this.both("plus", a, b);
  }
  minus(a, b) {
    return this.both("minus", a, b);
  }
  times(a, b) {
    return this.both("times", a, b);
  }
  over(a, b) {
    return this.both("over", a, b);
  }
  func(name, args) {
    if (!args.some((x) => typeof x === "number" && x !== NEG_INF)) {
      try {
        return RATIONALS.func(name, args);
      } catch (error) {
        if (!(error instanceof LeavesDomain) || error instanceof NotReal) throw error;
      }
    }
    return FLOATS.func(name, args.map((x) => FLOATS.num(x)));
  }
}

const EITHER = new Either();
