"use strict";
// Steps of fourth-order exponential time differencing for vhat_t = L(k) vhat + R(k) n(vhat), n being the
// transform of the force, L and R n x n matrices: exact in L, of order 4 in dt.
//
// Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26 to 29, in terms of the functions
//   phi0(z) = e^z,   phi1(z) = (e^z - 1)/z,   phi2(z) = (e^z - 1 - z)/z^2,   phi3(z) = (e^z - 1 - z - z^2/2)/z^3.

const SERIES = 12; // terms of the Taylor series of phi3: 0.5^12/15! is below rounding

/** phi0 to phi3 of n x n matrices z and 2 z. */
class Exponentials {
  constructor(n) {
    const matrix = () => new Float64Array(2 * n * n);
    this.n = n;
    this.small = matrix();
    this.spare = matrix();
    this.half = Array.from({ length: 4 }, matrix); // of z
    this.full = Array.from({ length: 4 }, matrix); // of 2 z
  }

  /** Of z, by the Taylor series of z/2^s and s doublings. */
  of(z) {
    let size = 0;
    for (const value of z) size = Math.max(size, Math.abs(value));
    const doublings = Number.isFinite(size) ? Math.max(0, Math.ceil(Math.log2(4 * this.n * size))) : 0;
    for (let i = 0; i < z.length; i++) this.small[i] = z[i] / 2 ** doublings;
    this.#series();
    for (let s = 0; s < doublings; s++) {
      this.#double();
      [this.half, this.full] = [this.full, this.half];
    }
    this.#double();
  }

  /** phi3 by Horner's rule, the others by phi_(p-1)(z) = z phi_p(z) + 1/(p - 1)!. */
  #series() {
    const [e, one, two, three] = this.half;
    let factorial = 6;
    for (let j = 4; j <= SERIES + 3; j++) factorial *= j;
    three.fill(0);
    for (let j = SERIES; j >= 0; factorial /= j-- + 3) this.#next(three, 1 / factorial, three);
    this.#next(three, 1 / 2, two);
    this.#next(two, 1, one);
    this.#next(one, 1, e);
  }

  /** out = z a + c. */
  #next(a, c, out) {
    product(this.small, a, this.n, this.spare);
    for (let i = 0; i < this.n; i++) this.spare[2 * i * (this.n + 1)] += c;
    out.set(this.spare);
  }

  /** phi_p(2z) = [e^z phi_p(z) + sum over j of phi_j(z)/(p - j)!, 1 <= j <= p]/2^p. */
  #double() {
    const { half, full, n } = this, [e, one, two, three] = half;
    for (let p = 0; p <= 3; p++) product(e, half[p], n, full[p]);
    for (let i = 0; i < e.length; i++) {
      full[1][i] = (full[1][i] + one[i]) / 2;
      full[2][i] = (full[2][i] + one[i] + two[i]) / 4;
      full[3][i] = (full[3][i] + one[i] / 2 + two[i] + three[i]) / 8;
    }
  }
}

/** The weights of a step of length dt on each mode. */
class Weights {
  constructor(member, dt) {
    const { n, tilt, mask, symbols } = member, size = 2 * n * n, matrix = () => new Float64Array(size);
    const names = ["e", "eHalf", "half", "whole", "first", "middle", "last"];
    for (const name of names) this[name] = new Matrices(mask.length, n);
    const phi = new Exponentials(n), r = matrix(), s = matrix(), z = matrix(), sum = matrix(), out = matrix();
    const done = new Map(); // modes by checksum: isotropic symbols repeat, and exponentials take longest
    for (let j = 0; j < mask.length; j++) {
      symbols.K.read(j, r);
      symbols.Q.read(j, s);
      for (let i = 0; i < size; i++) r[i] *= -mask[j] * dt; // R dt
      const key = checksum(r, s), same = done.get(key);
      if (same !== undefined && mask[same] === mask[j] && symbols.equal(same, j)) {
        for (const name of names) this[name].copy(same, j);
        continue;
      }
      done.set(key, j);
      for (let i = 0; i < n * n; i++) s[2 * i] += tilt[i];
      product(r, s, n, z);
      for (let i = 0; i < size; i++) z[i] /= 2;
      phi.of(z);
      const { half: [eHalf, oneOfHalf], full: [e, one, two, three] } = phi;
      this.e.write(j, e);
      this.eHalf.write(j, eHalf);
      const put = (name, weight) => {
        for (let i = 0; i < size; i++) sum[i] = weight(i);
        product(sum, r, n, out);
        this[name].write(j, out);
      };
      put("whole", (i) => oneOfHalf[i]);
      put("half", (i) => oneOfHalf[i] / 2);
      put("first", (i) => one[i] - 3 * two[i] + 4 * three[i]);
      put("middle", (i) => 2 * two[i] - 4 * three[i]);
      put("last", (i) => 4 * three[i] - two[i]);
    }
  }
}

/** A number that is the same for the same matrices, and hardly ever for others. */
function checksum(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] / (i + 1.37) + b[i] / (i + 7.91);
  return total;
}

/** The norm of modes. */
function norm({ re, im }) {
  let total = 0;
  for (let j = 0; j < re.length; j++) total += re[j] * re[j] + im[j] * im[j];
  return Math.sqrt(total);
}

/** One step after the other, with an estimate of the error of each. */
class Stepper {
  constructor(member) {
    this.member = member;
    const names = ["a", "b", "c", "end", "n", "na", "nb", "nc", "nEnd", "mixed", "error"];
    for (const name of names) this[name] = new Modes(member.fourier.modes, member.n);
  }

  /** Begins at vhat. */
  begin(vhat) {
    this.member.force(vhat, this.n);
  }

  /**
   * Computes the end of a step from vhat, in `this.end`; returns an estimate of its relative error.
   *
   * Embedded steps of orders 3 and 2 differ from this one by e3 and e2, and e3^2/sqrt(e3^2 + (e2/50)^2) is
   * of the order of its own error.
   */
  try(vhat, weights) {
    const { a, b, c, end, n, na, nb, nc, nEnd, mixed, member } = this;
    const { e, eHalf, half, whole, first, middle, last } = weights;
    multiply(eHalf, vhat, a);
    b.set(a);
    multiply(half, n, a, true);
    member.force(a, na);
    multiply(half, na, b, true);
    member.force(b, nb);
    difference(nb, n, 0.5, mixed);
    multiply(eHalf, a, c);
    multiply(whole, mixed, c, true);
    member.force(c, nc);
    multiply(e, vhat, end);
    multiply(first, n, end, true);
    multiply(middle, na, end, true);
    multiply(middle, nb, end, true);
    multiply(last, nc, end, true);
    member.force(end, nEnd);
    const third = 0.6 * this.#weighted(last, nEnd, nc), second = 0.02 * this.#weighted(middle, nb, na);
    return third ** 2 / Math.max(Math.hypot(third, second) * norm(end), 1e-300);
  }

  /** The norm of weight * (x - y). */
  #weighted(weight, x, y) {
    difference(x, y, 1, this.mixed);
    multiply(weight, this.mixed, this.error);
    return norm(this.error);
  }

  /** Takes the step that was tried. */
  accept(vhat) {
    vhat.set(this.end);
    this.n.set(this.nEnd);
  }
}

/** out = x - share y. */
function difference(x, y, share, out) {
  for (let j = 0; j < x.re.length; j++) {
    out.re[j] = x.re[j] - share * y.re[j];
    out.im[j] = x.im[j] - share * y.im[j];
  }
}
