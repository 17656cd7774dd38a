"use strict";
// Steps of fourth-order exponential time differencing for vhat_t = lambda(k) vhat + r(k) n(vhat), n being the
// transform of the force: exact in lambda, of order 4 in dt.
//
// Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26 to 29, in terms of the functions
//   phi1(z) = (e^z - 1)/z,   phi2(z) = (e^z - 1 - z)/z^2,   phi3(z) = (e^z - 1 - z - z^2/2)/z^3.

const SERIES = 22; // terms of the Taylor series of phi, used for |z| < 1

/** e^z, phi1, phi2 and phi3 of z = x + i y, as [re, im] pairs in one array of eight numbers. */
function phis(x, y, out) {
  const size = Math.exp(x);
  out[0] = size * Math.cos(y), out[1] = size * Math.sin(y);
  if (x * x + y * y >= 1) {
    const square = x * x + y * y;
    for (let n = 1, factorial = 1; n <= 3; factorial *= n++) {
      const a = out[2 * n - 2] - 1 / factorial, b = out[2 * n - 1]; // phi_n = (phi_(n-1) - 1/(n-1)!)/z
      out[2 * n] = (a * x + b * y) / square;
      out[2 * n + 1] = (b * x - a * y) / square;
    }
    return;
  }
  for (let n = 1; n <= 3; n++) {
    let a = 0, b = 0, factorial = 1;
    for (let j = 2; j <= SERIES + n; j++) factorial *= j;
    for (let j = SERIES; j >= 0; j--) { // Horner: sum of z^j/(j + n)!
      const p = a * x - b * y + 1 / factorial;
      b = a * y + b * x;
      a = p;
      factorial /= j + n;
    }
    out[2 * n] = a, out[2 * n + 1] = b;
  }
}

/** The weights of a step of length dt on each mode. */
class Weights {
  constructor(member, dt) {
    const { m, w, q } = member.symbols, size = m.length;
    for (const name of ["e", "eHalf", "half", "whole", "first", "middle", "last"]) this[name] = new Modes(size);
    const full = new Float64Array(8), half = new Float64Array(8);
    for (let j = 0; j < size; j++) {
      const re = -member.mask[j] * m[j] * dt, im = -member.mask[j] * w[j] * dt; // r dt
      const s = q[j] + member.tilt;
      phis(re * s, im * s, full);
      phis((re * s) / 2, (im * s) / 2, half);
      this.e.re[j] = full[0], this.e.im[j] = full[1];
      this.eHalf.re[j] = half[0], this.eHalf.im[j] = half[1];
      const put = (name, a, b) => {
        this[name].re[j] = a * re - b * im;
        this[name].im[j] = a * im + b * re;
      };
      put("whole", half[2], half[3]);
      put("half", half[2] / 2, half[3] / 2);
      put("first", full[2] - 3 * full[4] + 4 * full[6], full[3] - 3 * full[5] + 4 * full[7]);
      put("middle", 2 * full[4] - 4 * full[6], 2 * full[5] - 4 * full[7]);
      put("last", 4 * full[6] - full[4], 4 * full[7] - full[5]);
    }
  }
}

/** out = weight * x, or out + weight * x where it is added. */
function multiply(weight, x, out, add) {
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

/** The norm of weight * (x - y), of x where there is no weight. */
function norm(x, y, weight) {
  let total = 0;
  for (let j = 0; j < x.re.length; j++) {
    const p = x.re[j] - (y ? y.re[j] : 0), q = x.im[j] - (y ? y.im[j] : 0);
    total += (p * p + q * q) * (weight ? weight.re[j] ** 2 + weight.im[j] ** 2 : 1);
  }
  return Math.sqrt(total);
}

/** One step after the other, with an estimate of the error of each. */
class Stepper {
  constructor(member) {
    this.member = member;
    const names = ["a", "b", "c", "end", "n", "na", "nb", "nc", "nEnd", "mixed"];
    for (const name of names) this[name] = new Modes(member.fourier.modes);
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
    for (let j = 0; j < n.re.length; j++) {
      mixed.re[j] = nb.re[j] - n.re[j] / 2;
      mixed.im[j] = nb.im[j] - n.im[j] / 2;
    }
    multiply(eHalf, a, c);
    multiply(whole, mixed, c, true);
    member.force(c, nc);
    multiply(e, vhat, end);
    multiply(first, n, end, true);
    multiply(middle, na, end, true);
    multiply(middle, nb, end, true);
    multiply(last, nc, end, true);
    member.force(end, nEnd);
    const third = 0.6 * norm(nEnd, nc, last), second = 0.02 * norm(nb, na, middle);
    return third ** 2 / Math.max(Math.hypot(third, second) * norm(end), 1e-300);
  }

  /** Takes the step that was tried. */
  accept(vhat) {
    vhat.set(this.end);
    this.n.set(this.nEnd);
  }
}
