// How answers in classroom decimals are checked: each rounding on the way widens the span of what follows.

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
    return asSpan(value);
  }
  compute(tree, number) {
    const within = (span) => (this.isExact(span) ? span : this.widened(span));
    return orNull(() => spanned(tree, knownNumber(number), within));
  }
  isExact(span) {
    const scaled = span.low / this.unit;
    return span.isPoint && (!Number.isFinite(scaled) || Math.abs(scaled - Math.round(scaled)) < 1e-6);
  }
  widened(span) {
    return new Span(span.low - this.unit / 2, span.high + this.unit / 2);
  }
  equal(answer, value) {
    if (value === null) return false;
    const x = answer instanceof Span ? answer.middle : toFloat(answer);
    return (value instanceof Span ? value : this.printed(value)).near(x, this.unit / 2);
  }
  real(value) {
    return value instanceof Decimal ? value.printed : value;
  }
  text(value) {
    if (value === null) return "";
    if (!(value instanceof Span)) return shownNumber(plainText(value));
    if (value.isInfinite) return "−∞";
    return shownNumber(decimalText(value.rounded(this.places), this.places));
  }
}
