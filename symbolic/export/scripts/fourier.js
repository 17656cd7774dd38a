"use strict";
// Fourier transforms of real fields in one and two dimensions, on numbers of points that are powers of two.
//
//   u_j = sum over k of uhat_k exp(2 pi i j k / n),    uhat_k = (1/n) sum over j of u_j exp(-2 pi i j k / n),
//
// so that uhat does not depend on the number of points. Of the last axis the modes 0 ... n/2 are kept; the
// others are their complex conjugates. A field of shape [nx, ny] is stored row by row, and so are its modes.

/** In place, the transform of n complex numbers; n is a power of two. */
class ComplexTransform {
  constructor(n) {
    if (!(n >= 2) || (n & (n - 1)) !== 0) throw new Error(`expected a power of two of points, got ${n}`);
    this.n = n;
    this.cos = Float64Array.from({ length: n / 2 }, (_, j) => Math.cos((2 * Math.PI * j) / n));
    this.sin = Float64Array.from({ length: n / 2 }, (_, j) => Math.sin((2 * Math.PI * j) / n));
    this.reversed = new Uint32Array(n);
    for (let i = 1; i < n; i++) this.reversed[i] = (this.reversed[i >> 1] >> 1) | (i & 1 ? n >> 1 : 0);
  }

  /** Sum over j of x_j exp(sign 2 pi i j k / n), by butterflies of growing width (Cooley and Tukey 1965). */
  run(re, im, sign) {
    const { n, cos, sin, reversed } = this;
    for (let i = 0; i < n; i++) {
      const j = reversed[i];
      if (j > i) {
        const a = re[i], b = im[i];
        re[i] = re[j], im[i] = im[j];
        re[j] = a, im[j] = b;
      }
    }
    for (let i = 0; i < n; i += 2) {
      const a = re[i + 1], b = im[i + 1];
      re[i + 1] = re[i] - a, im[i + 1] = im[i] - b;
      re[i] += a, im[i] += b;
    }
    for (let half = 2; half < n; half *= 2) {
      const stride = n / (2 * half);
      for (let j = 0; j < half; j++) {
        const c = cos[j * stride], s = sign * sin[j * stride];
        for (let i = j; i < n; i += 2 * half) {
          const other = i + half;
          const a = re[other] * c - im[other] * s, b = re[other] * s + im[other] * c;
          re[other] = re[i] - a, im[other] = im[i] - b;
          re[i] += a, im[i] += b;
        }
      }
    }
  }
}

/** Complex numbers, one for each mode of each of n fields; `parts` are views of each field. */
class Modes {
  constructor(size, n = 1) {
    this.re = new Float64Array(n * size);
    this.im = new Float64Array(n * size);
    this.parts = Array.from({ length: n }, (_, i) => ({
      re: this.re.subarray(i * size, (i + 1) * size),
      im: this.im.subarray(i * size, (i + 1) * size),
    }));
  }

  set(other) {
    this.re.set(other.re);
    this.im.set(other.im);
    return this;
  }
}

/** The transform of real fields of a shape [n] or [nx, ny]. */
class Fourier {
  constructor(shape) {
    this.shape = shape;
    this.rows = shape.length === 2 ? shape[0] : 1;
    this.points = shape[shape.length - 1];
    this.kept = this.points / 2 + 1; // modes of the last axis
    this.size = this.rows * this.points; // numbers of a field
    this.modes = this.rows * this.kept; // complex numbers of its transform
    this.along = new ComplexTransform(this.points);
    this.across = this.rows > 1 ? new ComplexTransform(this.rows) : null;
    const most = Math.max(this.rows, this.points);
    this.re = new Float64Array(most);
    this.im = new Float64Array(most);
  }

  /** The components of every mode as whole numbers, an array for each axis. */
  get numbers() {
    const { rows, kept, modes } = this;
    const of = (f) => Float64Array.from({ length: modes }, (_, j) => f(Math.floor(j / kept), j % kept));
    const last = of((_, n) => n);
    return this.across ? [of((row) => (2 * row < rows ? row : row - rows)), last] : [last];
  }

  /** How many modes of the full transform each one stands for: its conjugate is not kept. */
  get multiplicity() {
    return this.numbers.at(-1).map((n) => (n > 0 && 2 * n < this.points ? 2 : 1));
  }

  /** uhat = re + i im of a field u. */
  forward(u, re, im) {
    for (let row = 0; row < this.rows; row += 2) this.#twoRowsForward(u, re, im, row);
    if (this.across) this.#columns(re, im, -1);
  }

  /** The field u of uhat = re + i im, which is spoilt. */
  back(re, im, u) {
    if (this.across) this.#columns(re, im, 1);
    for (let row = 0; row < this.rows; row += 2) this.#twoRowsBack(re, im, u, row);
  }

  /** Two real rows a and b at once: the transform of a + i b holds both, as those of a and b are symmetric. */
  #twoRowsForward(u, re, im, row) {
    const { points: n, kept, along, re: x, im: y } = this;
    const pair = row + 1 < this.rows;
    const a = x.subarray(0, n), b = y.subarray(0, n);
    for (let j = 0; j < n; j++) {
      a[j] = u[row * n + j];
      b[j] = pair ? u[(row + 1) * n + j] : 0;
    }
    along.run(a, b, -1);
    const scale = 0.5 / this.size;
    for (let k = 0; k < kept; k++) {
      const mirror = (n - k) % n;
      re[row * kept + k] = scale * (a[k] + a[mirror]);
      im[row * kept + k] = scale * (b[k] - b[mirror]);
      if (pair) {
        re[(row + 1) * kept + k] = scale * (b[k] + b[mirror]);
        im[(row + 1) * kept + k] = scale * (a[mirror] - a[k]);
      }
    }
  }

  #twoRowsBack(re, im, u, row) {
    const { points: n, kept, along, re: x, im: y } = this;
    const pair = row + 1 < this.rows;
    const a = x.subarray(0, n), b = y.subarray(0, n);
    for (let k = 0; k < kept; k++) {
      const real = k === 0 || 2 * k === n; // modes that are their own mirror
      const p = re[row * kept + k], q = real ? 0 : im[row * kept + k];
      const r = pair ? re[(row + 1) * kept + k] : 0, s = pair && !real ? im[(row + 1) * kept + k] : 0;
      a[k] = p - s, b[k] = q + r;
      if (!real) a[n - k] = p + s, b[n - k] = r - q;
    }
    along.run(a, b, 1);
    for (let j = 0; j < n; j++) {
      u[row * n + j] = a[j];
      if (pair) u[(row + 1) * n + j] = b[j];
    }
  }

  /** The complex transform along the first axis of two. */
  #columns(re, im, sign) {
    const { rows, kept, across } = this;
    const a = this.re.subarray(0, rows), b = this.im.subarray(0, rows);
    for (let k = 0; k < kept; k++) {
      for (let i = 0; i < rows; i++) a[i] = re[i * kept + k], b[i] = im[i * kept + k];
      across.run(a, b, sign);
      for (let i = 0; i < rows; i++) re[i * kept + k] = a[i], im[i * kept + k] = b[i];
    }
  }
}
