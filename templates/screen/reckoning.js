// How the numbers of a sheet are computed and compared when answers are checked, as byhand/marking/reckoning.py has
// it. Exact numbers are equal or not; a rounded number stands for any of a span.

class WasRounded extends ArithmeticError {} // a tree reads a number that was rounded

const SHORTEST = 4; // digits of a float that is shown

const toFloat = (value) => (typeof value === "number" ? value : value instanceof Decimal ? value.printed.toNumber() : value.toNumber());
const isFloat = (value) => typeof value === "number";

function isClose(a, b) {
  if (a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= Math.max(CLOSE * Math.max(Math.abs(a), Math.abs(b)), CLOSE);
}

// The value that a function computes; null where it has none.
function orNull(compute) {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ArithmeticError || error instanceof RangeError) return null;
    throw error;
  }
}

const knownNumber = (number) => (...at) => {
  const value = number(...at);
  if (value === null) throw new ArithmeticError("it reads what could not be computed");
  return value;
};

class ExactReckoning {
  places = null;
  read(text) {
    return read(text);
  }
  printed(value) {
    return value;
  }
  answer(value) {
    return value;
  }
  compute(tree, number) {
    const known = knownNumber(number);
    const exactly = (...at) => {
      const value = known(...at);
      if (value instanceof Span) throw new WasRounded("a rounded number");
      return value;
    };
    return orNull(() => {
      try {
        return evaluate(tree, exactly, EITHER);
      } catch (error) {
        if (!(error instanceof WasRounded)) throw error;
        return spanned(tree, (...at) => asSpan(known(...at)), (span) => span);
      }
    });
  }
  equal(answer, value) {
    if (value === null) return false;
    if (answer instanceof Span || value instanceof Span) return asSpan(answer).meets(asSpan(value));
    if (isFloat(answer) || isFloat(value)) return isClose(toFloat(answer), toFloat(value));
    return answer.equals(value);
  }
  real(value) {
    return value;
  }
  text(value) {
    if (value === null) return "";
    if (value instanceof Span) return this.text(value.middle);
    if (isFloat(value) && Number.isFinite(value)) return shownNumber(withoutExponent(`${Number(value.toPrecision(SHORTEST))}`));
    return shownNumber(plainText(value));
  }
}

// "1.25e+21" with all its digits.
function withoutExponent(text) {
  const [digits, exponent = "0"] = text.split("e");
  const [whole, after = ""] = digits.replace("-", "").split(".");
  const places = after.length - Number(exponent);
  const scaled = BigInt(whole + after) * 10n ** BigInt(Math.max(0, -places));
  return (text.startsWith("-") ? "-" : "") + decimalText(scaled, Math.max(0, places));
}

// A number of a file as a page prints it: with its thousands separated, a decimal from 10,000 on.
function shownNumber(text) {
  if (text === "-inf" || text === "-Infinity") return "−∞";
  const [digits, ...rest] = text.replace("-", "−").split(/(?=[./])/);
  const sign = digits.startsWith("−") ? "−" : "";
  const units = digits.slice(sign.length);
  if (text.includes("/") || units.length < (rest.length ? 5 : 4)) return text.replace("-", "−");
  return sign + units.replace(/\B(?=(\d{3})+$)/g, ",") + rest.join("");
}
