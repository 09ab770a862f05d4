// How rounded answers are checked: a number stands for any of a span, which each rounding on the way widens.

class RoundedReckoning {
  constructor(places) {
    this.places = places;
    this.unit = 10 ** -places;
  }
  read(text) {
    const found = read(text);
    return found.form === "decimal" ? { ...found, form: "" } : found;
  }
  printed(value) {
    if (value === NEG_INF) return this.answer(value);
    const span = this.answer(value.printed);
    return value.exact === value.printed ? span : span.joined(this.answer(value.exact.toNumber()));
  }
  answer(value) {
    const x = toFloat(value);
    return new Span(x, x);
  }
  compute(tree, number) {
    return orNull(() => this.span(tree, knownNumber(number), true));
  }
  span(node, number, last = false) {
    const of = (child) => this.span(child, number);
    let result;
    switch (node[0]) {
      case "num":
        return this.answer(node[1]);
      case "ref":
        return number(node[1], node[2], node[3]);
      case "sum": {
        const spans = node.slice(1).map(of);
        return new Span(spans.reduce((sum, s) => sum + s.low, 0), spans.reduce((sum, s) => sum + s.high, 0));
      }
      case "sub": {
        const [a, b] = [of(node[1]), of(node[2])];
        if (b.isNever) throw new ArithmeticError("−∞ cannot be subtracted");
        return new Span(a.low - b.high, a.high - b.low);
      }
      case "mul":
        result = productOf(of(node[1]), of(node[2]));
        break;
      case "div":
        result = quotientOf(of(node[1]), of(node[2]));
        break;
      default:
        result = functionOf(node[1], node.slice(2).map(of));
        if (node[1] !== "pow" && node[1] !== "sqrt") return result;
    }
    return last || this.isExact(result) ? result : this.widened(result);
  }
  isExact(span) {
    const scaled = span.low / this.unit;
    return span.isPoint && (!Number.isFinite(scaled) || Math.abs(scaled - Math.round(scaled)) < 1e-6);
  }
  widened(span) {
    return new Span(span.low - this.unit / 2, span.high + this.unit / 2);
  }
  // The numbers that may stand behind a written one: itself, and those of a span that are rounded to it.
  behind(written, span) {
    if (!Number.isFinite(written.low)) return written;
    const slack = this.slack(written.low);
    const near = new Span(written.low - slack, written.high + slack);
    if (span === null) return near;
    const [low, high] = [Math.max(near.low, span.low), Math.min(near.high, span.high)];
    return low <= high ? written.joined(new Span(low, high)) : written;
  }
  slack(x) {
    return this.unit / 2 + CLOSE * Math.max(1, Math.abs(x));
  }
  equal(answer, value) {
    if (value === null) return false;
    const span = value instanceof Span ? value : this.printed(value);
    const x = toFloat(answer);
    if (!Number.isFinite(x) || !Number.isFinite(span.low)) return x === span.low && x === span.high;
    const slack = this.slack(x);
    return span.low - slack <= x && x <= span.high + slack;
  }
  real(value) {
    return value instanceof Decimal ? value.printed : value;
  }
  text(value) {
    if (value === null) return "";
    if (!(value instanceof Span)) return shownNumber(plainText(value));
    if (!Number.isFinite(value.low) || !Number.isFinite(value.high)) return "−∞";
    return shownNumber(decimalText(value.middle(this.places), this.places));
  }
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
