// Classroom decimals: numbers that are rounded to some places.

// A classroom decimal: what is printed, and the exact number behind it.
class Decimal {
  constructor(scaled, places, exact) {
    this.printed = new Fraction(scaled, 10n ** BigInt(places));
    this.exact = exact ?? this.printed;
    this.text = decimalText(scaled, places);
  }
  // The decimal that a text of a given number says.
  static parse(text) {
    const [whole, digits = ""] = text.split(".");
    return new Decimal(BigInt(whole + digits), digits.length);
  }
}

function decimalText(scaled, places) {
  const digits = `${size(scaled)}`.padStart(places + 1, "0");
  const at = digits.length - places;
  return (scaled < 0n ? "-" : "") + digits.slice(0, at) + (places ? `.${digits.slice(at)}` : "");
}

// The number of places of a fraction whose decimals end; null for any other.
function placesOf(value) {
  let [rest, places] = [value.bottom, 0];
  while (rest > 1n) {
    const divisor = gcd(rest, 10n);
    if (divisor === 1n) return null;
    rest /= divisor;
    places += 1;
  }
  return places;
}

class Decimals {
  // once: whether only what is printed is rounded, and every cell goes on with all its digits.
  constructor(places, once) {
    this.places = places;
    this.once = once;
    this.scale = 10n ** BigInt(places);
  }
  // A value that needs no rounding keeps its own digits; a rounded one shows all places.
  rounded(value, exact) {
    const scaled = value.times(new Fraction(this.scale));
    if (!scaled.isWhole) return new Decimal(scaled.halfAway(), this.places, exact);
    const places = placesOf(value);
    return new Decimal((value.top * 10n ** BigInt(places)) / value.bottom, places, exact);
  }
}
