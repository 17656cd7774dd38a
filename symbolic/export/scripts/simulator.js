"use strict";
// A law in motion: takes a law and initial fields, and carries these forward in time.
//
//   const simulator = new Simulator({ law, field, shape: [256] });
//   simulator.advance(0.1);   // in the law's unit of time
//   simulator.field, simulator.fields, simulator.time, simulator.energy
//
// Needs fourier.js, formula.js, symbols.js, member.js and stepper.js before it, and nothing else.

const TOLERANCE = 1e-6; // relative error allowed in a step
const FINEST = 24; // a stretch of time is halved so often at most

class Simulator {
  /**
   * @param law formulas of F, q, m, w and N, the box, the band: as for `Member`.
   * @param field u on the points of the box, row by row; of several fields one after the other.
   * @param shape points along each axis, powers of two.
   */
  constructor({ law, field, shape }) {
    this.member = new Member(law, shape);
    this.stepper = new Stepper(this.member);
    const { n, fourier: { modes, size } } = this.member;
    this.vhat = new Modes(modes, n);
    this.outside = new Modes(modes, n); // modes that are held as they are
    this.field = new Float64Array(n * size);
    this.fields = law.fields.map((_, i) => this.field.subarray(i * size, (i + 1) * size));
    this.reset(field);
  }

  /** Begins again, from a field u. */
  reset(field) {
    this.time = 0;
    this.lost = false;
    this.#place(field);
  }

  /** Puts a field in the place of the present one. */
  #place(field) {
    const { member, vhat, outside } = this, { centre, hold } = member.law, { size, modes } = member.fourier;
    if (field.length !== this.field.length)
      throw new Error(`expected ${this.fields.length} x ${size} values of a field, got ${field.length}`);
    const v = Float64Array.from(field, (u) => u - centre);
    vhat.parts.forEach(({ re, im }, i) => member.transform(i).forward(v.subarray(i * size, (i + 1) * size), re, im));
    for (let j = 0; j < vhat.re.length; j++) {
      const inside = member.mask[j % modes], held = hold ? 1 - inside : 0;
      outside.re[j] = held * vhat.re[j], outside.im[j] = held * vhat.im[j];
      vhat.re[j] *= inside, vhat.im[j] *= inside;
    }
    this.#restart();
  }

  /** After a change of field or coefficients: new weights, and steps that are found anew. */
  #restart() {
    this.member.about(this.member.fields(this.vhat));
    this.stepper.begin(this.vhat);
    this.weights = new Map();
    this.halvings = 0; // a step is the stretch of time over 2^halvings
    this.#show();
  }

  #show() {
    const { member, vhat, outside, field } = this, sum = member.scratch;
    this.fields.forEach((own, i) => {
      sum.set(vhat.parts[i]);
      addTo(sum.re, 1, outside.parts[i].re);
      addTo(sum.im, 1, outside.parts[i].im);
      member.transform(i).back(sum.re, sum.im, own);
    });
    for (let i = 0; i < field.length; i++) field[i] += member.law.centre;
  }

  /** V of the present field. */
  get energy() {
    return this.member.energy(this.vhat);
  }

  /** The coefficients of a factor, F, q, m, w or N, in the order of law.json. */
  coefficients(factor) {
    return this.member.values[factor];
  }

  /** Changes one coefficient from now on. */
  change(factor, i, value) {
    this.member.change(factor, i, value);
    this.#restart();
  }

  /** Adds a smooth bump of some height and width to a field, at a point given as fractions of the box. */
  perturb(place, height, width, field = 0) {
    const { shape, parities } = this.member;
    const along = shape.map((n, axis) => bump(n, place[axis], width, parities[field][axis]));
    const across = shape.length === 1 ? [1] : along[0], last = along.at(-1);
    this.fields[field].forEach((u, i, own) => {
      own[i] = u + height * across[Math.floor(i / last.length)] * last[i % last.length];
    });
    this.#place(this.field);
  }

  /**
   * Carries the field forward by a stretch of time, in steps that keep TOLERANCE.
   *
   * @param duration of the stretch; the same one every time is fastest, as weights are kept.
   * @param milliseconds after which it stops early.
   * @returns how much time has passed; `lost` says whether the field has grown beyond all bounds.
   */
  advance(duration, milliseconds = Infinity) {
    const begun = Date.now();
    if (this.duration !== duration) this.weights = new Map();
    this.duration = duration;
    let done = 0; // of 2^FINEST
    while (done < 2 ** FINEST && !this.lost && Date.now() - begun <= milliseconds) {
      while (done % 2 ** (FINEST - this.halvings)) this.halvings += 1;
      const error = this.stepper.try(this.vhat, this.#weightsOf(this.halvings));
      if (error <= TOLERANCE) {
        this.stepper.accept(this.vhat);
        done += 2 ** (FINEST - this.halvings);
        if (error < TOLERANCE / 100 && this.halvings > 0) this.halvings -= 1;
      } else if (this.halvings < FINEST) this.halvings += 1;
      else this.lost = true;
    }
    const passed = (duration * done) / 2 ** FINEST;
    this.time += passed;
    this.#show();
    return passed;
  }

  #weightsOf(halvings) {
    if (!this.weights.has(halvings))
      this.weights.set(halvings, new Weights(this.member, this.duration / 2 ** halvings));
    return this.weights.get(halvings);
  }
}

/** A bump, 1 at a place, on n points: periodic, or with its reflections at two walls times their sign. */
function bump(n, place, width, sign) {
  const at = (distance) => Math.exp(-0.5 * (distance / width) ** 2);
  return Float64Array.from({ length: n }, (_, j) => {
    const x = (sign ? j + 0.5 : j) / n, distance = Math.abs(x - place);
    if (!sign) return at(Math.min(distance, 1 - distance));
    return at(distance) + sign * (at(x + place) + at(2 - x - place));
  });
}
