// Trees as text: worked lines, as byhand/notation/write.py and text.py write them.

const [SUM, PRODUCT, POWER_OF, ATOM] = [1, 2, 3, 4]; // precedence, the weakest first
const SUPERSCRIPT = { ..."⁰¹²³⁴⁵⁶⁷⁸⁹", "−": "⁻" };
const SUBSCRIPT = "₀₁₂₃₄₅₆₇₈₉";
const isAtom = (text) => /^(\d+|[A-Za-zα-ωΑ-Ω][₀-₉]*)$/.test(text);

// The text of a tree and its precedence. number(step, i, j): the text of a reference.
function written(node, number) {
  const part = (child, atLeast) => {
    const [text, level] = written(child, number);
    return level >= atLeast ? text : `(${text})`;
  };
  switch (node[0]) {
    case "num":
      return ofText(shownNumber(node[1] === NEG_INF ? "-inf" : `${node[1]}`));
    case "ref":
      return ofText(number(node[1], node[2], node[3]));
    case "sum": {
      if (node.length === 1) return ["0", ATOM];
      if (node.length === 2) return written(node[1], number);
      return [node.slice(1).map((term, at) => part(term, at ? PRODUCT : SUM)).join(" + "), SUM];
    }
    case "sub":
      if (node[1].length === 1) return [`−${part(node[2], PRODUCT)}`, SUM];
      return [`${part(node[1], SUM)} − ${part(node[2], PRODUCT)}`, SUM];
    case "mul": {
      const right = written(node[2], number);
      return [`${part(node[1], PRODUCT)}·${part(node[2], right[1] === PRODUCT && /^\d+\/\d+$/.test(right[0]) ? PRODUCT : POWER_OF)}`, PRODUCT];
    }
    case "div":
      return [`${part(node[1], PRODUCT)} ÷ ${part(node[2], POWER_OF)}`, PRODUCT];
  }
  const [, name, ...args] = node;
  switch (name) {
    case "pow": {
      const [exponent] = written(args[1], number);
      return [raised(part(args[0], ATOM), exponent), POWER_OF];
    }
    case "sqrt": {
      const [x] = written(args[0], number);
      return [isAtom(x) ? `√${x}` : `√(${x})`, POWER_OF];
    }
    case "log": {
      const [base] = written(args[0], number);
      return [`${base === "e" ? "ln" : `log${[...base].map((digit) => SUBSCRIPT[digit] ?? digit).join("")}`} ${part(args[1], ATOM)}`, PRODUCT];
    }
    case "sinpi":
    case "cospi":
      return [`${name.slice(0, 3)}(${part(args[0], PRODUCT)}·π)`, ATOM];
    case "e":
      return ["e", ATOM];
    case "pi":
      return ["π", ATOM];
  }
  return [`${name}(${args.map((arg) => written(arg, number)[0]).join(", ")})`, ATOM];
}

function raised(base, exponent) {
  if (/^−?\d+$/.test(exponent)) return base + [...exponent].map((sign) => SUPERSCRIPT[sign]).join("");
  return isAtom(exponent) ? `${base}^${exponent}` : `${base}^(${exponent})`;
}

// A number as text, with its precedence: a negative one is in brackets within a product.
function ofText(text) {
  if (text.startsWith("−")) return [text, SUM];
  return [text, text.includes("/") ? PRODUCT : ATOM];
}
