"use strict";
// Formulas such as k**2*exp(-k**2/2), as law.json has them: read, differentiated, evaluated on arrays.
//
// A formula is a number, a name, or [operator, argument, ...]; the operators are + * ** (to a fixed power) and
// the functions below.

const FUNCTIONS = {
  Abs: Math.abs, exp: Math.exp, log: Math.log, sin: Math.sin, cos: Math.cos, tan: Math.tan, sinh: Math.sinh,
  cosh: Math.cosh, tanh: Math.tanh, atan: Math.atan, sign: Math.sign,
};

/** The derivative of each function, of an argument x. */
const SLOPES = {
  Abs: (x) => ["sign", x],
  exp: (x) => ["exp", x],
  log: (x) => ["**", x, -1],
  sin: (x) => ["cos", x],
  cos: (x) => ["*", -1, ["sin", x]],
  tan: (x) => ["+", 1, ["**", ["tan", x], 2]],
  sinh: (x) => ["cosh", x],
  cosh: (x) => ["sinh", x],
  tanh: (x) => ["+", 1, ["*", -1, ["**", ["tanh", x], 2]]],
  atan: (x) => ["**", ["+", 1, ["**", x, 2]], -1],
  sign: () => 0,
};

/** Reads a formula; refuses what is not one of numbers, names that are given, + - * / ** and FUNCTIONS. */
class FormulaReader {
  constructor(text, names) {
    this.text = text;
    this.names = names;
    this.words = text.match(/\d+\.?\d*(?:[eE][+-]?\d+)?|\w+|\*\*|[^\s\w]/g) || [];
    this.at = 0;
  }

  read() {
    const formula = this.sum();
    if (this.at < this.words.length) this.refuse();
    return formula;
  }

  refuse() {
    throw new Error(`expected a formula of ${this.names.join(", ")}, got ${this.text}`);
  }

  next(...expected) {
    return expected.includes(this.words[this.at]) ? this.words[this.at++] : null;
  }

  sum() {
    const parts = [this.product()];
    for (let sign; (sign = this.next("+", "-")); )
      parts.push(sign === "+" ? this.product() : ["*", -1, this.product()]);
    return parts.length > 1 ? ["+", ...parts] : parts[0];
  }

  product() {
    const parts = [this.signed()];
    for (let sign; (sign = this.next("*", "/")); )
      parts.push(sign === "*" ? this.signed() : ["**", this.signed(), -1]);
    return parts.length > 1 ? ["*", ...parts] : parts[0];
  }

  /** A minus binds less than a power: -k**2 is -(k**2). */
  signed() {
    return this.next("-") ? ["*", -1, this.signed()] : this.power();
  }

  power() {
    const base = this.atom();
    if (!this.next("**")) return base;
    const exponent = constant(this.signed());
    return exponent === null ? this.refuse() : ["**", base, exponent];
  }

  atom() {
    const word = this.words[this.at++] || this.refuse();
    if (/^\d/.test(word)) return Number(word);
    if (word === "(") return this.closed(this.sum());
    if (this.names.includes(word)) return word;
    if (word === "sqrt" && this.next("(")) return ["**", this.closed(this.sum()), 0.5];
    if (Object.hasOwn(FUNCTIONS, word) && this.next("(")) return [word, this.closed(this.sum())];
    return this.refuse();
  }

  closed(formula) {
    return this.next(")") ? formula : this.refuse();
  }
}

/** The formula of a text in which only some names stand. */
function readFormula(text, names) {
  return new FormulaReader(text, names).read();
}

/** The value of a formula without names, null of any other. */
function constant(formula) {
  if (typeof formula === "number") return formula;
  if (typeof formula === "string") return null;
  const values = formula.slice(1).map(constant);
  return values.includes(null) ? null : combine(formula[0], values);
}

/** An operator or function of numbers. */
function combine(operator, values) {
  if (operator === "+") return values.reduce((a, b) => a + b);
  if (operator === "*") return values.reduce((a, b) => a * b);
  return operator === "**" ? values[0] ** values[1] : FUNCTIONS[operator](values[0]);
}

/** The derivative of a formula by a name. */
function derivative(formula, name) {
  if (!Array.isArray(formula)) return formula === name ? 1 : 0;
  const [operator, ...parts] = formula;
  const slopes = parts.map((part) => derivative(part, name));
  if (slopes.every((slope) => slope === 0)) return 0;
  if (operator === "+") return ["+", ...slopes];
  if (operator === "*") {
    const terms = parts.map((_, i) => (slopes[i] === 0 ? 0 : ["*", slopes[i], ...parts.filter((_, j) => j !== i)]));
    return ["+", ...terms.filter((term) => term !== 0)];
  }
  if (operator === "**") return ["*", parts[1], slopes[0], ["**", parts[0], parts[1] - 1]];
  return ["*", slopes[0], SLOPES[operator](parts[0])];
}

/** The names that stand in a formula. */
function namesIn(formula) {
  if (!Array.isArray(formula)) return typeof formula === "string" ? [formula] : [];
  return [...new Set(formula.slice(1).flatMap(namesIn))];
}

/** A function from arrays by name to the array of a formula's values, which the next call overwrites. */
function onArrays(formula, size) {
  if (typeof formula === "string") return (arrays) => arrays[formula];
  const value = constant(formula);
  const out = new Float64Array(size);
  if (value !== null) {
    out.fill(value);
    return () => out;
  }
  const [operator, ...rest] = formula;
  if (operator === "**") return powerOnArrays(onArrays(rest[0], size), rest[1], out);
  const parts = rest.map((part) => onArrays(part, size));
  if (operator !== "+" && operator !== "*") {
    const f = FUNCTIONS[operator];
    return (arrays) => {
      const x = parts[0](arrays);
      for (let i = 0; i < size; i++) out[i] = f(x[i]);
      return out;
    };
  }
  return (arrays) => {
    const values = parts.map((part) => part(arrays));
    out.set(values[0]);
    for (const x of values.slice(1))
      if (operator === "+") for (let i = 0; i < size; i++) out[i] += x[i];
      else for (let i = 0; i < size; i++) out[i] *= x[i];
    return out;
  };
}

/** Powers 1 to 8 by multiplication, which is many times faster than Math.pow. */
function powerOnArrays(base, exponent, out) {
  const whole = Number.isInteger(exponent) && exponent >= 1 && exponent <= 8;
  return (arrays) => {
    const x = base(arrays);
    if (!whole) for (let i = 0; i < out.length; i++) out[i] = x[i] ** exponent;
    else out.set(x);
    for (let n = 1; whole && n < exponent; n++) for (let i = 0; i < out.length; i++) out[i] *= x[i];
    return out;
  };
}
