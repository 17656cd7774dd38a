"use strict";
// The equation of motion of a law of n fields, for v = u - centre and its modes vhat:
//
//   v_t = -(M + W) dV/dv,    V = |box| sum over k of vhat_k* Q(k) vhat_k / 2 + integral of F(v) + N(v, v_x, ...),
//   vhat_t = -K(k) [Q(k) vhat + transform of the gradient of F and of the integral of N],    |k| <= band.
//
// K and Q are n x n matrices; N is of one field. Every coefficient of F, q, m, w and N may be changed: each term
// is kept by itself.

const DERIVATIVES = {
  1: { u: [0], u_x: [1], u_xx: [2] },
  2: { u: [0, 0], u_x: [1, 0], u_y: [0, 1], u_xx: [2, 0], u_xy: [1, 1], u_yy: [0, 2] },
};

class Member {
  /**
   * @param law names of its `fields`, lengths, `parities` of each field along each axis where there are walls
   *   (0 periodic, 1 even, -1 odd), centre, band, rows {term, value} of F and N, and rows {value, entries} of
   *   q, m and w: where s(k) stands, {row, column, symbol, odd, sign}.
   * @param shape points along each axis, powers of two.
   */
  constructor(law, shape) {
    if (shape.length !== law.lengths.length || shape.length > 2)
      throw new Error(`expected a law and a field in one or two dimensions, got ${law.lengths.length} and ${shape.length}`);
    this.law = law;
    this.shape = shape;
    this.n = law.fields.length;
    this.boxes = new Map(); // transforms by parity
    this.parities = law.fields.map((_, i) => law.parities?.[i] ?? shape.map(() => 0));
    this.fourier = this.transform(0);
    const { size, modes } = this.fourier;
    this.volume = law.lengths.reduce((a, b) => a * b);
    const unit = (axis) => (this.parities[0][axis] ? 1 : 2) * (Math.PI / law.lengths[axis]);
    this.k = this.fourier.numbers.map((number, axis) => number.map((n) => unit(axis) * n));
    this.mask = evolved(this.k, law, shape);
    this.symbols = new Symbols(law, this.k);
    this.values = this.symbols.values;
    this.slopes = {}; // of F, N: each term's derivatives by the fields that stand in it
    for (const factor of ["F", "N"]) this.#differentiate(factor);
    this.v = Object.fromEntries(law.fields.map((name) => [name, new Float64Array(size)]));
    this.needed = new Set(this.slopes.N.flatMap((term) => [...term.names])); // derivatives of the one field
    for (const name of this.needed) this.v[name] ??= new Float64Array(size);
    this.sum = new Float64Array(size);
    this.scratch = new Modes(modes);
    this.tilt = new Float64Array(this.n * this.n);
  }

  /** The transform of a field, or of a derivative of it: an odd one between walls turns even into odd. */
  transform(i, order = this.shape.map(() => 0)) {
    const parity = this.parities[i].map((sign, axis) => (order[axis] % 2 ? -sign : sign));
    const key = parity.map((sign) => sign + 0).join();
    if (!this.boxes.has(key)) this.boxes.set(key, transformOf(this.shape, parity));
    return this.boxes.get(key);
  }

  #differentiate(factor) {
    const { fields } = this.law, { size } = this.fourier, rows = this.law[factor] ?? [];
    const all = factor === "F" ? fields : Object.keys(DERIVATIVES[this.shape.length]);
    this.values[factor] = rows.map((row) => row.value);
    this.slopes[factor] = rows.map((row) => {
      const density = readFormula(row.term, all), names = namesIn(density);
      const by = names.map((name) => [name, onArrays(derivative(density, name), size)]);
      return { names, density: onArrays(density, size), by };
    });
    if (factor !== "F") return;
    this.curvatures = rows.flatMap((row, i) => {
      const density = readFormula(row.term, all), here = namesIn(density).map((name) => fields.indexOf(name));
      const pairs = here.flatMap((one) => here.map((other) => [one, other]));
      const alike = ([one, other]) => `${this.parities[one]}` === `${this.parities[other]}`;
      return pairs.filter(alike).map(([one, other]) => ({
        i,
        at: one * this.n + other,
        curvature: onArrays(derivative(derivative(density, fields[one]), fields[other]), size),
      }));
    });
  }

  /** Puts a coefficient in the place of another. */
  change(factor, i, value) {
    this.values[factor][i] = value;
    this.symbols.update();
  }

  /**
   * Moves the mean S of F''(v), an n x n matrix, over the fields into Q, where the stepper treats it exactly:
   * with Q + S and F'(v) - S v the equation is the same. Between fields of different parities S is 0, as the mean
   * over their reflections is.
   */
  about(v) {
    this.tilt.fill(0);
    for (const { i, at, curvature } of this.curvatures) {
      let total = 0;
      for (const value of curvature(v)) total += value;
      this.tilt[at] += (this.values.F[i] * total) / this.fourier.size;
    }
    if (!this.tilt.every(Number.isFinite)) this.tilt.fill(0);
  }

  /** The transform of F'(v) - S v + gradient of the integral of N, for the modes vhat. */
  force(vhat, out) {
    this.fields(vhat);
    const { v, sum, tilt, n, law } = this;
    law.fields.forEach((name, i) => {
      sum.fill(0);
      law.fields.forEach((other, j) => tilt[i * n + j] && addTo(sum, -tilt[i * n + j], v[other]));
      this.#addSlopes("F", name);
      this.transform(i).forward(sum, out.parts[i].re, out.parts[i].im);
    });
    for (const name of this.needed) this.#gradient(name, out);
  }

  /** Adds the derivative of F or N by a name to `sum`. */
  #addSlopes(factor, name) {
    this.slopes[factor].forEach((term, i) => {
      for (const [by, slope] of term.by) if (by === name) addTo(this.sum, this.values[factor][i], slope(this.v));
    });
  }

  /** Adds (-1)^a d^a (dN/d(d^a v)) for one derivative d^a of the field. */
  #gradient(name, out) {
    const { sum, scratch } = this, order = DERIVATIVES[this.shape.length][name];
    sum.fill(0);
    this.#addSlopes("N", name);
    this.transform(0, order).forward(sum, scratch.re, scratch.im);
    this.#derive(scratch, order, -1);
    addTo(out.re, 1, scratch.re);
    addTo(out.im, 1, scratch.im);
  }

  /** The fields v, and those of the derivatives of one that N needs, on the points. */
  fields(vhat) {
    for (const name of Object.keys(this.v)) {
      const place = this.law.fields.indexOf(name), i = Math.max(place, 0);
      const order = place < 0 ? DERIVATIVES[this.shape.length][name] : undefined;
      this.scratch.set(vhat.parts[i]);
      if (order) this.#derive(this.scratch, order, 1);
      this.transform(i, order).back(this.scratch.re, this.scratch.im, this.v[name]);
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
    const { multiplicity, modes, size } = this.fourier, force = new Modes(modes, this.n);
    multiply(this.symbols.Q, vhat, force);
    let quadratic = 0, local = 0;
    for (let j = 0; j < force.re.length; j++)
      quadratic += 0.5 * multiplicity[j % modes] * (vhat.re[j] * force.re[j] + vhat.im[j] * force.im[j]);
    const v = this.fields(vhat);
    for (const factor of ["F", "N"])
      this.slopes[factor].forEach((term, i) => {
        for (const density of term.density(v)) local += this.values[factor][i] * density;
      });
    return this.volume * (quadratic + local / size);
  }
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
