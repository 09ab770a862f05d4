// Enclosures: a value as two whole numbers of units of 2^−bits between which it is, so that it can be rounded as it
// must be, however close to a tie; and with them the cells of a sheet in classroom decimals.

const PRECISIONS = [96n, 256n, 1024n];

class Enclosures extends Domain {
  constructor(bits) {
    super();
    this.bits = bits;
    this.one = 1n << bits;
  }
  span(low, high) {
    return { low, high };
  }
  // A quotient of whole numbers, rounded outwards.
  quotient(top, bottom) {
    return this.span(floorDiv(top << this.bits, bottom), ceilDiv(top << this.bits, bottom));
  }
  num(value) {
    if (value === NEG_INF) return value;
    return value instanceof Real ? value.within(this) : this.quotient(value.top, value.bottom);
  }
  isPoint(a) {
    return a.low === a.high;
  }
  whole(a) {
    return Number(a.low >> this.bits);
  }
  exceeds(a, bound) {
    return a.low > BigInt(bound) << this.bits;
  }
  plus(a, b) {
    return this.span(a.low + b.low, a.high + b.high);
  }
  minus(a, b) {
    return this.span(a.low - b.high, a.high - b.low);
  }
  times(a, b) {
    const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
    const least = corners.reduce((x, y) => (y < x ? y : x));
    const most = corners.reduce((x, y) => (y > x ? y : x));
    return this.span(least >> this.bits, -(-most >> this.bits));
  }
  over(a, b) {
    if (b.low === 0n && b.high === 0n) throw new NoQuotient("a division by 0");
    if (b.low <= 0n && b.high >= 0n) throw new Undecided();
    const corners = [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => this.quotient(x, y)));
    const least = corners.map((c) => c.low).reduce((x, y) => (y < x ? y : x));
    const most = corners.map((c) => c.high).reduce((x, y) => (y > x ? y : x));
    return this.span(least, most);
  }
  func(name, args) {
    const [x, y] = args;
    switch (name) {
      case "max":
        return this.largest(args);
      case "argmax":
        return this.quotient(BigInt(this.argmax(args)), 1n);
      case "pow":
        return this.power(x, y);
      case "sqrt": {
        const { low, high } = this.notNegative(x);
        const up = rootDown(high << this.bits);
        return this.span(rootDown(low << this.bits), up * up === high << this.bits ? up : up + 1n);
      }
      case "log":
        return this.over(this.log(y), this.log(x));
      case "sin":
        return this.sine(x);
      case "cos":
        return this.cosine(x);
      case "sinpi":
        return this.sine(this.times(x, this.pi));
      case "cospi":
        return this.cosine(this.times(x, this.pi));
      case "gelu": {
        const share = this.plus(this.quotient(1n, 1n), this.erf(this.over(x, this.root(2n))));
        return this.times(x, this.times(share, this.quotient(1n, 2n)));
      }
      case "erf":
        return this.erf(x);
      case "e":
        return this.exp(this.quotient(1n, 1n));
      case "pi":
        return this.pi;
    }
    throw new TypeError(`no function ${name}`);
  }
  root(n) {
    return this.func("sqrt", [this.quotient(n, 1n)]);
  }
  notNegative(x) {
    if (x.high < 0n) throw new NotReal("the root of a negative number");
    if (x.low < 0n) throw new Undecided();
    return x;
  }
  largest(args) {
    const finite = args.filter((a) => a !== NEG_INF);
    if (!finite.length) return NEG_INF;
    return this.span(
      finite.map((a) => a.low).reduce((x, y) => (y > x ? y : x)),
      finite.map((a) => a.high).reduce((x, y) => (y > x ? y : x)),
    );
  }
  argmax(args) {
    const [lows, highs] = ["low", "high"].map((end) => args.map((a) => (a === NEG_INF ? a : a[end])));
    const best = firstLargest(lows, (a, b) => (a > b ? 1 : a < b ? -1 : 0));
    highs.forEach((high, at) => {
      const alike = lows[at] === lows[best] && high === highs[best];
      const equal = alike && (lows[at] === high || this.bits === PRECISIONS.at(-1)); // what no precision tells apart
      if (at !== best && high >= lows[best] && !equal) throw new Undecided();
    });
    return best;
  }
  power(base, exponent) {
    if (this.isPoint(exponent) && (exponent.low & (this.one - 1n)) === 0n) {
      const times = exponent.low >> this.bits;
      if (size(times) > BigInt(MOST_BITS)) throw new LeavesDomain("too long to write");
      const power = this.wholePower(base, size(times));
      return times < 0n ? this.over(this.quotient(1n, 1n), power) : power;
    }
    return this.exp(this.times(exponent, this.log(this.notNegative(base))));
  }
  wholePower(base, times) {
    let result = this.quotient(1n, 1n);
    for (let left = times, square = base; left; left >>= 1n) {
      if (left & 1n) result = this.times(result, square);
      if (left > 1n) square = this.times(square, square);
    }
    return times % 2n === 0n && result.low < 0n ? this.span(0n, result.high) : result;
  }
  // A function that grows, at both ends. at(x) gives two whole numbers that enclose its value.
  growing(x, at) {
    return this.span(at(x.low).low, this.isPoint(x) ? at(x.low).high : at(x.high).high);
  }
  exp(x) {
    return this.growing(x, (end) => this.expAt(end));
  }
  expAt(x) {
    if (x === 0n) return this.span(this.one, this.one);
    const magnitude = x >> this.bits;
    if (magnitude > BigInt(MOST_BITS)) throw new LeavesDomain("too long to write");
    if (magnitude < -this.bits) return this.span(0n, 1n);
    // e^x = 2^k · e^r, with r below ln 2; worked out with more digits, as many as 2^k takes away
    const more = 40n + (magnitude > 0n ? magnitude * 2n : 0n);
    const precise = this.bits + more;
    const ln2 = naturalLog2(precise + 20n) >> 20n;
    const k = floorDiv(x << more, ln2);
    const rest = (x << more) - k * ln2;
    let [term, sum] = [1n << precise, 0n];
    for (let n = 1n; term; n++) {
      sum += term;
      term = ((term * rest) >> precise) / n;
    }
    const doubt = 200n + size(k) * 4n; // more than all that was rounded on the way
    const shift = more - k;
    const at = (value) => (shift >= 0n ? value >> shift : value << -shift);
    return this.span(at(sum - doubt), at(sum + doubt) + 1n);
  }
  log(x) {
    if (x.high <= 0n) throw new NotReal("the logarithm of a number that is not positive");
    if (x.low <= 0n) throw new Undecided();
    return this.growing(x, (end) => this.logAt(end));
  }
  logAt(x) {
    if (x === this.one) return this.span(0n, 0n);
    // log x = k · log 2 + 2 · artanh((m − 1) ÷ (m + 1)), with x = m · 2^k and m between ¾ and 1½
    const more = 40n;
    const precise = this.bits + more;
    const unit = 1n << precise;
    const k = BigInt(bitsOf((x * 4n) / 3n) - 1) - this.bits;
    const m = k >= 0n ? (x << more) >> k : x << (more - k);
    const z = ((m - unit) << precise) / (m + unit);
    let [term, sum] = [z, 0n];
    for (let n = 1n; term; n += 2n) {
      sum += term / n;
      term = (term * ((z * z) >> precise)) >> precise;
      if (term === -1n) break;
    }
    const value = 2n * sum + k * naturalLog2(precise);
    const doubt = 1000n + size(k) * 4n;
    return this.span((value - doubt) >> more, ((value + doubt) >> more) + 1n);
  }
  get pi() {
    const value = piOf(this.bits + 20n);
    return this.span((value - 100n) >> 20n, ((value + 100n) >> 20n) + 1n);
  }
  sine(x) {
    return this.isPoint(x) && x.low === 0n ? x : this.waves(x, 0n);
  }
  cosine(x) {
    return this.isPoint(x) && x.low === 0n ? this.quotient(1n, 1n) : this.waves(x, 1n);
  }
  // The sine of x and of a number of quarter turns: that of the middle, to half the width, since its slope is 1 at most.
  waves(x, quarters) {
    const more = 40n + BigInt(bitsOf(x.low | 1n));
    const precise = this.bits + more;
    const pi = piOf(precise);
    const middle = ((x.low + x.high) << more) / 2n + (quarters * pi) / 2n;
    const turns = floorDiv(2n * middle + pi, 2n * pi);
    const rest = middle - turns * pi; // within a quarter turn of 0
    let [term, sum] = [rest, 0n];
    for (let n = 1n; term && term !== -1n; n += 2n) {
      sum += term;
      term = -((((term * rest) >> precise) * rest) >> precise) / ((n + 1n) * (n + 2n));
    }
    const value = turns % 2n ? -sum : sum;
    const doubt = 1000n + size(turns) * 4n + ((x.high - x.low) << more);
    const [low, high] = [(value - doubt) >> more, ((value + doubt) >> more) + 1n];
    return this.span(low < -this.one ? -this.one : low, high > this.one ? this.one : high);
  }
  erf(x) {
    return this.growing(x, (end) => this.erfAt(this.span(end, end)));
  }
  erfAt(x) {
    if (x.low === 0n) return x;
    const square = this.times(x, x);
    if (square.low >> this.bits > this.bits) {
      const near = this.span(this.one - 1n, this.one);
      return x.low > 0n ? near : this.span(-near.high, -near.low);
    }
    let [term, sum, n] = [x, this.quotient(0n, 1n), 0n];
    const twice = this.plus(square, square);
    while (n <= (twice.high >> this.bits) + 1n || size(term.low) + size(term.high) > 8n) {
      sum = this.plus(sum, term);
      n += 1n;
      term = this.times(this.times(term, twice), this.quotient(1n, 2n * n + 1n));
    }
    const rest = 2n * (size(term.low) > size(term.high) ? size(term.low) : size(term.high)) + 2n; // all that is left out
    const factor = this.over(this.exp(this.span(-square.high, -square.low)), this.func("sqrt", [this.pi]));
    return this.times(this.plus(factor, factor), this.span(sum.low - rest, sum.high + rest));
  }
}

const known = new Map();

function remembered(name, precision, make) {
  const key = `${name} ${precision}`;
  if (!known.has(key)) known.set(key, make());
  return known.get(key);
}

// artanh or arctan of 1/n, in units of 2^−precision; they differ in the signs of their terms.
function inverseOf(n, precision, sign) {
  let [term, sum] = [(1n << precision) / n, 0n];
  for (let k = 1n; term; k += 2n) {
    sum += term / k;
    term = (sign * term) / (n * n);
  }
  return sum;
}

function naturalLog2(precision) {
  return remembered("ln2", precision, () => {
    const more = precision + 20n;
    const sum = [[18n, 26n], [-2n, 4801n], [8n, 8749n]].reduce((all, [times, n]) => all + times * inverseOf(n, more, 1n), 0n);
    return sum >> 20n;
  });
}

function piOf(precision) {
  return remembered("pi", precision, () => {
    const more = precision + 20n;
    return (16n * inverseOf(5n, more, -1n) - 4n * inverseOf(239n, more, -1n)) >> 20n;
  });
}

const enclosures = (bits) => remembered("enclosures", bits, () => new Enclosures(bits));

// An irrational number, kept as its tree, with the values of what the tree reads.
class Real {
  constructor(node, number) {
    this.node = node;
    this.number = number;
    this.found = new Map();
  }
  within(domain) {
    if (!this.found.has(domain)) {
      this.found.set(domain, evaluate(this.node, (...at) => domain.num(this.number(...at)), domain));
    }
    return this.found.get(domain);
  }
  toNumber() {
    return this.within(FLOATS);
  }
}

// The number system of a sheet in decimals: the value of each cell is rounded.
class RoundedCells extends Decimals {
  // The value of a cell. number: the Decimal, or −∞, at a place.
  settle(node, number) {
    const exact = (...at) => {
      const value = number(...at);
      return value === NEG_INF ? value : this.once ? value.exact : value.printed;
    };
    const rational = (...at) => {
      const value = exact(...at);
      if (value instanceof Real) throw new LeavesDomain("not a rational number");
      return value;
    };
    let value;
    try {
      value = evaluate(node, rational, RATIONALS);
    } catch (error) {
      if (!(error instanceof LeavesDomain) || error instanceof NotReal) throw error;
      value = this.point(node, exact);
      if (value === null) {
        const scaled = this.enclosed(node, exact);
        return scaled === NEG_INF ? scaled : new Decimal(scaled, this.places, this.once ? new Real(node, exact) : undefined);
      }
    }
    return value === NEG_INF ? value : this.rounded(value, this.once ? value : undefined);
  }
  // The value, if an enclosure is a single number, as 1 for e⁰; else null.
  point(node, exact) {
    const domain = enclosures(PRECISIONS[0]);
    try {
      const found = evaluate(node, (...at) => domain.num(exact(...at)), domain);
      if (found === NEG_INF) return found;
      return domain.isPoint(found) ? new Fraction(found.low, domain.one) : null;
    } catch (error) {
      if (error instanceof Undecided) return null;
      throw error;
    }
  }
  // The value times 10^places, rounded. What no precision decides is a tie.
  enclosed(node, exact) {
    let found = null;
    for (const bits of PRECISIONS) {
      const domain = enclosures(bits);
      try {
        found = evaluate(node, (...at) => domain.num(exact(...at)), domain);
      } catch (error) {
        if (error instanceof Undecided) continue;
        throw error;
      }
      if (found === NEG_INF) return found;
      const [low, high] = [found.low, found.high].map((end) => new Fraction(end * this.scale, domain.one).halfAway());
      if (low === high) return low;
      found = new Fraction((found.low + found.high) * this.scale, domain.one); // twice the value
    }
    if (!(found instanceof Fraction)) throw new LeavesDomain("the value cannot be told");
    return new Fraction(found.halfAway(), 2n).halfAway();
  }
}
