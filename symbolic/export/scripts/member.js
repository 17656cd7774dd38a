"use strict";
// The equation of motion of a law on a periodic box, for v = u - centre and its modes vhat:
//
//   v_t = -(M + W) dV/dv,    V = |box| sum over k of q(k) |vhat_k|^2 / 2 + integral of F(v) + N(v, v_x, ...),
//   vhat_t = -(m(k) + i w(k)) [q(k) vhat + transform of F'(v) + gradient of the integral of N],   |k| <= band.
//
// Every coefficient of F, q, m, w and N may be changed: each term is kept by itself.

const FIELDS = {
  1: { u: [0], u_x: [1], u_xx: [2] },
  2: { u: [0, 0], u_x: [1, 0], u_y: [0, 1], u_xx: [2, 0], u_xy: [1, 1], u_yy: [0, 2] },
};

/** Complex numbers, one for each mode. */
class Modes {
  constructor(size) {
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
  }

  set(other) {
    this.re.set(other.re);
    this.im.set(other.im);
    return this;
  }
}

class Member {
  /**
   * @param law the content of a law.json.
   * @param shape points along each axis, powers of two.
   */
  constructor(law, shape) {
    if (law.fields && law.fields.length > 1)
      throw new Error(`expected a law of one field, got one of ${law.fields.join(", ")}`);
    if (shape.length !== law.lengths.length || shape.length > 2)
      throw new Error(`expected a law and a field in one or two dimensions, got ${law.lengths.length} and ${shape.length}`);
    this.law = law;
    this.shape = shape;
    this.fourier = new Fourier(shape);
    const { size, modes } = this.fourier;
    this.volume = law.lengths.reduce((a, b) => a * b);
    this.k = wavenumbers(this.fourier, law.lengths);
    this.mask = evolved(this.k, law, shape);
    this.values = {};
    this.tables = {}; // of q, m, w: each term on the modes
    this.slopes = {}; // of F, N: each term's derivatives by the fields that stand in it
    for (const factor of ["q", "m", "w"]) this.#tabulate(factor);
    for (const factor of ["F", "N"]) this.#differentiate(factor);
    this.v = { u: new Float64Array(size) };
    this.needed = new Set(this.slopes.N.flatMap((term) => [...term.names]));
    for (const name of this.needed) this.v[name] ??= new Float64Array(size);
    this.sum = new Float64Array(size);
    this.scratch = new Modes(modes);
    this.symbols = {};
    this.tilt = 0;
    this.update();
  }

  #tabulate(factor) {
    const names = this.shape.length === 1 ? ["k"] : ["kx", "ky"];
    const arrays = Object.fromEntries(names.map((name, axis) => [name, this.k[axis]]));
    const rows = this.law[factor] ?? [];
    this.values[factor] = rows.map((row) => row.value);
    this.tables[factor] = rows.map((row) => {
      const table = onArrays(readFormula(row.term, names), this.fourier.modes)(arrays);
      return table.map((value) => (Number.isFinite(value) ? value : 0)); // 1/k**2 is 0 at k = 0
    });
  }

  #differentiate(factor) {
    const all = factor === "F" ? ["u"] : Object.keys(FIELDS[this.shape.length]);
    const rows = this.law[factor] ?? [];
    const { size } = this.fourier;
    this.values[factor] = rows.map((row) => row.value);
    this.slopes[factor] = rows.map((row) => {
      const density = readFormula(row.term, all), names = namesIn(density);
      const by = names.map((name) => [name, onArrays(derivative(density, name), size)]);
      return { names, density: onArrays(density, size), by };
    });
    if (factor === "F")
      this.curvatures = rows.map((row) => onArrays(derivative(derivative(readFormula(row.term, all), "u"), "u"), size));
  }

  /** Sums up the symbols after coefficients have changed: `values[factor][i]`. */
  update() {
    for (const [factor, tables] of Object.entries(this.tables)) {
      const symbol = new Float64Array(this.fourier.modes);
      tables.forEach((table, i) => {
        for (let j = 0; j < symbol.length; j++) symbol[j] += this.values[factor][i] * table[j];
      });
      this.symbols[factor] = symbol;
    }
  }

  /**
   * Moves the mean of F''(v) over a field into q, where the stepper treats it exactly: with q + s and F'(v) - s v
   * the equation is the same.
   */
  about(v) {
    let total = 0;
    this.curvatures.forEach((curvature, i) => {
      for (const value of curvature({ u: v })) total += this.values.F[i] * value;
    });
    this.tilt = Number.isFinite(total) ? total / v.length : 0;
  }

  /** The transform of F'(v) - s v + gradient of the integral of N, for the modes vhat. */
  force(vhat, out) {
    this.fields(vhat);
    const { v, sum } = this;
    for (let i = 0; i < sum.length; i++) sum[i] = -this.tilt * v.u[i];
    this.slopes.F.forEach((term, i) => term.by.forEach(([, slope]) => addTo(sum, this.values.F[i], slope(v))));
    this.fourier.forward(sum, out.re, out.im);
    for (const name of this.needed) this.#gradient(name, out);
  }

  /** Adds (-1)^a d^a (dN/d(d^a v)) for one derivative d^a of the field. */
  #gradient(name, out) {
    const { v, sum, scratch } = this;
    sum.fill(0);
    this.slopes.N.forEach((term, i) => {
      for (const [by, slope] of term.by) if (by === name) addTo(sum, this.values.N[i], slope(v));
    });
    this.fourier.forward(sum, scratch.re, scratch.im);
    this.#derive(scratch, FIELDS[this.shape.length][name], -1);
    addTo(out.re, 1, scratch.re);
    addTo(out.im, 1, scratch.im);
  }

  /** v and those of its derivatives that N needs, on the points. */
  fields(vhat) {
    for (const name of Object.keys(this.v)) {
      this.scratch.set(vhat);
      this.#derive(this.scratch, FIELDS[this.shape.length][name], 1);
      this.fourier.back(this.scratch.re, this.scratch.im, this.v[name]);
    }
    return this.v;
  }

  /** Multiplies modes by (sign i k)^order. */
  #derive(modes, order, sign) {
    order.forEach((times, axis) => {
      const k = this.k[axis];
      for (let n = 0; n < times; n++)
        for (let j = 0; j < k.length; j++) {
          const re = modes.re[j];
          modes.re[j] = -sign * k[j] * modes.im[j];
          modes.im[j] = sign * k[j] * re;
        }
    });
  }

  /** V of the evolved modes vhat, in the law's convention. */
  energy(vhat) {
    const { kept, points, size } = this.fourier, { q } = this.symbols;
    let quadratic = 0, local = 0;
    for (let j = 0; j < q.length; j++) {
      const n = j % kept, twice = n > 0 && 2 * n < points ? 2 : 1; // its conjugate is not kept
      quadratic += 0.5 * twice * q[j] * (vhat.re[j] ** 2 + vhat.im[j] ** 2);
    }
    const v = this.fields(vhat);
    for (const factor of ["F", "N"])
      this.slopes[factor].forEach((term, i) => {
        for (const density of term.density(v)) local += this.values[factor][i] * density;
      });
    return this.volume * (quadratic + local / size);
  }
}

function addTo(sum, weight, x) {
  for (let i = 0; i < sum.length; i++) sum[i] += weight * x[i];
}

/** The wavenumber components of every mode, an array for each axis. */
function wavenumbers({ shape, rows, kept, modes }, lengths) {
  const last = Float64Array.from({ length: modes }, (_, j) => ((2 * Math.PI) / lengths.at(-1)) * (j % kept));
  if (shape.length === 1) return [last];
  const number = (j) => Math.floor(j / kept) - (2 * Math.floor(j / kept) < rows ? 0 : rows);
  return [Float64Array.from({ length: modes }, (_, j) => ((2 * Math.PI) / lengths[0]) * number(j)), last];
}

/** 1 where a mode is below the band and the Nyquist wavenumber along every axis, else 0. */
function evolved(k, law, shape) {
  const band = law.band ?? Infinity;
  return k[0].map((_, j) =>
    k.every((along, axis) => {
      const nyquist = (Math.PI * shape[axis]) / law.lengths[axis];
      return Math.abs(along[j]) <= band * (1 + 1e-9) && Math.abs(along[j]) < 0.999 * nyquist;
    }) ? 1 : 0,
  );
}
