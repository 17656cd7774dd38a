"use strict";
// The symbols of a law's operators and of its quadratic energy, n x n matrices at every mode:
//
//   K(k) = M(k) + W(k),    Q(k),
//
// each a sum of terms, coefficient times s(k), that stand at some entries with a sign, times i where s is odd.

/** An n x n matrix of complex numbers at each mode: `blocks[i * n + j]`. */
class Matrices {
  constructor(size, n) {
    this.n = n;
    this.blocks = Array.from({ length: n * n }, () => new Modes(size));
  }

  /** The matrix at mode j as numbers re, im, re, im, ..., row by row. */
  read(j, out) {
    this.blocks.forEach(({ re, im }, at) => {
      out[2 * at] = re[j], out[2 * at + 1] = im[j];
    });
  }

  /** Puts the matrix of one mode at another. */
  copy(from, to) {
    for (const { re, im } of this.blocks) re[to] = re[from], im[to] = im[from];
  }

  /** Whether the matrices at two modes are the same. */
  equal(j, other) {
    return this.blocks.every(({ re, im }) => re[j] === re[other] && im[j] === im[other]);
  }

  /** Puts a matrix at mode j. */
  write(j, values) {
    this.blocks.forEach(({ re, im }, at) => {
      re[j] = values[2 * at], im[j] = values[2 * at + 1];
    });
  }
}

/** out = matrix * x, or out + matrix * x where it is added. */
function multiply(matrix, x, out, add = false) {
  const { n, blocks } = matrix;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) multiplyPart(blocks[i * n + j], x.parts[j], out.parts[i], add || j > 0);
}

function multiplyPart(weight, x, out, add) {
  const a = weight.re, b = weight.im, p = x.re, q = x.im, re = out.re, im = out.im;
  if (add)
    for (let j = 0; j < p.length; j++) {
      re[j] += a[j] * p[j] - b[j] * q[j];
      im[j] += a[j] * q[j] + b[j] * p[j];
    }
  else
    for (let j = 0; j < p.length; j++) {
      re[j] = a[j] * p[j] - b[j] * q[j];
      im[j] = a[j] * q[j] + b[j] * p[j];
    }
}

/** out = a b of two n x n matrices of complex numbers re, im, re, im, ... */
function product(a, b, n, out) {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let re = 0, im = 0;
      for (let l = 0; l < n; l++) {
        const at = 2 * (i * n + l), to = 2 * (l * n + j);
        re += a[at] * b[to] - a[at + 1] * b[to + 1];
        im += a[at] * b[to + 1] + a[at + 1] * b[to];
      }
      out[2 * (i * n + j)] = re, out[2 * (i * n + j) + 1] = im;
    }
}

/** The symbols m, w and q of a law, whose coefficients `values[factor][i]` may change. */
class Symbols {
  /**
   * @param law as for `Member`.
   * @param k the wavenumber components of every mode, an array for each axis.
   */
  constructor(law, k) {
    const size = k[0].length, n = law.fields.length, names = k.length === 1 ? ["k"] : ["kx", "ky"];
    const arrays = Object.fromEntries(names.map((name, axis) => [name, k[axis]]));
    const table = (symbol) =>
      onArrays(readFormula(symbol, names), size)(arrays).map((s) => (Number.isFinite(s) ? s : 0)); // 1/k**2 at 0
    this.values = {};
    this.tables = {};
    for (const factor of ["m", "w", "q"]) {
      this.values[factor] = law[factor].map((row) => row.value);
      this.tables[factor] = law[factor].map((row) =>
        row.entries.map((entry) => ({ ...entry, at: entry.row * n + entry.column, table: table(entry.symbol) })),
      );
    }
    this.K = new Matrices(size, n);
    this.Q = new Matrices(size, n);
    this.update();
  }

  /** Whether K and Q are the same at two modes. */
  equal(j, other) {
    return this.K.equal(j, other) && this.Q.equal(j, other);
  }

  /** Sums up K and Q after coefficients have changed. */
  update() {
    for (const [matrices, factors] of [[this.K, ["m", "w"]], [this.Q, ["q"]]]) {
      for (const { re, im } of matrices.blocks) re.fill(0), im.fill(0);
      for (const factor of factors)
        this.tables[factor].forEach((entries, i) => {
          for (const { at, sign, odd, table } of entries) {
            const block = matrices.blocks[at];
            addTo(odd ? block.im : block.re, sign * this.values[factor][i], table);
          }
        });
    }
  }
}

function addTo(sum, weight, x) {
  for (let i = 0; i < sum.length; i++) sum[i] += weight * x[i];
}
