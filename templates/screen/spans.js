// Spans: the numbers that a rounded number may stand for, and what follows from them; as byhand/marking/spans.py.

const CLOSE = 1e-9; // how far apart equal floats may be, as a share of the larger
const doubt = (x) => CLOSE * Math.max(1, Math.abs(x));

class Span {
  constructor(low, high) {
    this.low = low;
    this.high = high;
  }
  get isPoint() {
    return this.low === this.high;
  }
  get isNever() {
    return this.low === NEG_INF && this.high === NEG_INF;
  }
  get isInfinite() {
    return !Number.isFinite(this.low) || !Number.isFinite(this.high);
  }
  get middle() {
    return (this.low + this.high) / 2;
  }
  // The number in the middle, in units of the last place.
  rounded(places) {
    return Fraction.ofFloat(this.middle).times(new Fraction(10n ** BigInt(places))).halfAway();
  }
  joined(other) {
    return new Span(Math.min(this.low, other.low), Math.max(this.high, other.high));
  }
  // Whether both have a number in common.
  meets(other) {
    if (this.isInfinite || other.isInfinite) return this.low === other.low && this.high === other.high;
    return other.low <= this.high + doubt(this.high) && this.low <= other.high + doubt(other.high);
  }
  // Whether a number is in it, or is farther from it by half a unit at most.
  near(x, half) {
    return new Span(x - half, x + half).meets(this);
  }
}

const asSpan = (value) => (value instanceof Span ? value : new Span(toFloat(value), toFloat(value)));

// The numbers that may stand behind a written one: itself, and those of a span that are rounded to it. span: null for
// any number. half: half a unit of the last place that is written.
function behind(written, span, half) {
  if (written.isInfinite) return written;
  const slack = half + doubt(written.low);
  const near = new Span(written.low - slack, written.high + slack);
  if (span === null) return near;
  const [low, high] = [Math.max(near.low, span.low), Math.min(near.high, span.high)];
  return low <= high ? written.joined(new Span(low, high)) : written;
}

// The span of a tree. rounded: what is gone on with of a product, quotient, power or root within it.
function spanned(tree, number, rounded) {
  const inner = (node) => {
    const isWritten = node[0] === "mul" || node[0] === "div" || ["pow", "sqrt"].includes(node[0] === "fn" && node[1]);
    return isWritten ? rounded(value(node)) : value(node);
  };
  const value = (node) => {
    switch (node[0]) {
      case "num":
        return asSpan(node[1]);
      case "ref":
        return number(node[1], node[2], node[3]);
      case "sum": {
        const spans = node.slice(1).map(inner);
        return new Span(spans.reduce((sum, s) => sum + s.low, 0), spans.reduce((sum, s) => sum + s.high, 0));
      }
      case "sub": {
        const [a, b] = [inner(node[1]), inner(node[2])];
        if (b.isNever) throw new ArithmeticError("−∞ cannot be subtracted");
        return new Span(a.low - b.high, a.high - b.low);
      }
      case "mul":
        return productOf(inner(node[1]), inner(node[2]));
      case "div":
        return quotientOf(inner(node[1]), inner(node[2]));
    }
    return functionOf(node[1], node.slice(2).map(inner));
  };
  return value(tree);
}

const spanOf = (numbers) => new Span(Math.min(...numbers), Math.max(...numbers));
const cornersOf = (a, b, compute) => [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => compute(x, y)));

function productOf(a, b) {
  if (!Number.isFinite(a.low) || !Number.isFinite(b.low)) throw new ArithmeticError("−∞ has no place in a product");
  return spanOf(cornersOf(a, b, (x, y) => x * y));
}

function quotientOf(a, b) {
  if ((b.low <= 0 && 0 <= b.high) || !Number.isFinite(b.low)) throw new ArithmeticError("a division by 0");
  return a.isNever ? a : spanOf(cornersOf(a, b, (x, y) => x / y));
}

// The places from the first to the last where the largest number may stand; of equal ones it is the first.
function largestOf(args) {
  const at = args.flatMap((span, k) => (args.every((other, n) => (n < k ? span.high > other.low : span.high >= other.low)) ? [k] : []));
  return new Span(at[0], at.at(-1));
}

const TURNS = { sin: Math.PI / 2, cos: 0, sinpi: 0.5, cospi: 0 }; // where each is largest
const GELU_LOWEST = -0.7517915246935645; // where gelu is smallest

function functionOf(name, args) {
  const [x, y] = args;
  switch (name) {
    case "pow": {
      if (y.isNever) return new Span(0, 0);
      const corners = cornersOf(x, y, (base, exponent) => FLOATS.fn("pow", [base, exponent]));
      return spanOf(x.low < 0 && 0 < x.high ? [...corners, 0] : corners);
    }
    case "sqrt":
      if (x.high < 0) throw new NotReal("the root of a negative number");
      return new Span(Math.sqrt(Math.max(0, x.low)), Math.sqrt(x.high));
    case "max":
      return new Span(Math.max(...args.map((a) => a.low)), Math.max(...args.map((a) => a.high)));
    case "log":
      return new Span(FLOATS.fn("log", [x.low, y.low]), FLOATS.fn("log", [x.low, y.high]));
    case "choose": {
      const [first, ...others] = args.slice(1 + Math.trunc(x.low), 2 + Math.trunc(x.high));
      if (others.some((other) => other.low !== first.low || other.high !== first.high)) throw new ArithmeticError("the choice is not certain");
      return first;
    }
    case "e":
    case "pi": {
      const value = FLOATS.fn(name, []);
      return new Span(value, value);
    }
    case "argmax":
      return largestOf(args);
  }
  const at = [x.low, x.high];
  if (name in TURNS) {
    const half = name.endsWith("pi") ? 1 : Math.PI;
    const first = Math.ceil((x.low - TURNS[name]) / half);
    at.push(...[first, first + 1].map((k) => TURNS[name] + half * k).filter((turn) => turn <= x.high));
  } else if (name === "gelu" && x.low < GELU_LOWEST && GELU_LOWEST < x.high) {
    at.push(GELU_LOWEST);
  }
  return spanOf(at.map((each) => FLOATS.fn(name, [each])));
}
