"use strict";
// Transforms of fields between walls: those of their even or odd extensions over twice the length, about points
// half a cell from the walls, of which the modes n = 0 ... N - 1 of a walled axis are kept.
//
//   uhat_n = 1/(2N) sum over j of extended u_j exp(-i pi n (j + 1/2)/N),    uhat_(-n) = sign uhat_n,
//
// real where all walls are of sign 1 (u_x = 0), imaginary along an axis of sign -1 (u = 0).

class WalledFourier {
  /**
   * @param shape points along each axis.
   * @param parity of the field along each axis: 0 periodic, 1 even, -1 odd.
   */
  constructor(shape, parity) {
    this.shape = shape;
    this.parity = parity;
    this.whole = new Fourier(shape.map((n, axis) => (parity[axis] ? 2 * n : n))); // of the extended field
    const [first, last] = shape.length === 2 ? [0, 1] : [null, 0];
    this.rows = first === null ? 1 : shape[0];
    this.points = shape[last];
    this.kept = parity[last] ? this.points : this.whole.kept;
    this.size = this.rows * this.points;
    this.modes = this.rows * this.kept;
    this.alongRows = parity[last]; // of a row, the last axis
    this.acrossRows = first === null ? 0 : parity[0];
    this.extended = new Float64Array(this.whole.size);
    this.re = new Float64Array(this.whole.modes);
    this.im = new Float64Array(this.whole.modes);
    const turn = (n, points, walled) => (walled ? (-Math.PI * n) / (2 * points) : 0); // half a cell
    const angle = (j) =>
      turn(Math.floor(j / this.kept), this.rows, this.acrossRows) + turn(j % this.kept, this.points, this.alongRows);
    this.cos = Float64Array.from({ length: this.modes }, (_, j) => Math.cos(angle(j)));
    this.sin = Float64Array.from({ length: this.modes }, (_, j) => Math.sin(angle(j)));
  }

  /** The components of every mode as whole numbers, an array for each axis. */
  get numbers() {
    const { rows, kept, modes } = this, of = (f) => Float64Array.from({ length: modes }, (_, j) => f(j));
    const last = of((j) => j % kept), signed = (row) => (this.acrossRows || 2 * row < rows ? row : row - rows);
    return this.shape.length === 2 ? [of((j) => signed(Math.floor(j / kept))), last] : [last];
  }

  /** How many modes of the full transform each one stands for. */
  get multiplicity() {
    const { rows, kept, points, modes } = this;
    const along = (n) => (n > 0 && (this.alongRows || 2 * n < points) ? 2 : 1);
    return Float64Array.from({ length: modes }, (_, j) => {
      const row = Math.floor(j / kept);
      return along(j % kept) * (this.acrossRows && rows > 1 && row > 0 ? 2 : 1);
    });
  }

  /** uhat = re + i im of a field u. */
  forward(u, re, im) {
    const { whole, extended, rows, points, kept, cos, sin } = this, width = whole.points;
    for (let i = 0; i < whole.rows; i++)
      for (let j = 0; j < width; j++) {
        const row = i < rows ? i : 2 * rows - 1 - i, column = j < points ? j : 2 * points - 1 - j;
        const sign = (i < rows ? 1 : this.acrossRows) * (j < points ? 1 : this.alongRows);
        extended[i * width + j] = sign * u[row * points + column];
      }
    whole.forward(extended, this.re, this.im);
    for (let j = 0; j < re.length; j++) {
      const at = Math.floor(j / kept) * whole.kept + (j % kept), a = this.re[at], b = this.im[at];
      re[j] = a * cos[j] - b * sin[j];
      im[j] = a * sin[j] + b * cos[j];
    }
    if (this.parity.every((sign) => sign !== 0)) // rounding must not grow where there is nothing
      (this.parity.filter((sign) => sign < 0).length % 2 ? re : im).fill(0);
  }

  /** The field u of uhat = re + i im. */
  back(re, im, u) {
    const { whole, extended, rows, points, kept, cos, sin } = this;
    this.re.fill(0);
    this.im.fill(0);
    for (let j = 0; j < re.length; j++) {
      const row = Math.floor(j / kept), at = row * whole.kept + (j % kept);
      const a = re[j] * cos[j] + im[j] * sin[j], b = im[j] * cos[j] - re[j] * sin[j];
      this.re[at] = a, this.im[at] = b;
      if (this.acrossRows && row > 0) this.#mirror(at, row, a, b);
    }
    whole.back(this.re, this.im, extended);
    for (let i = 0; i < rows; i++) u.set(extended.subarray(i * whole.points, i * whole.points + points), i * points);
  }

  /** The mode of the other sign across rows, where a + i b is that of a row. */
  #mirror(at, row, a, b) {
    const angle = (-Math.PI * row) / this.rows, c = Math.cos(angle), s = Math.sin(angle); // twice half a cell
    const to = at + (this.whole.rows - 2 * row) * this.whole.kept;
    this.re[to] = this.acrossRows * (a * c - b * s);
    this.im[to] = this.acrossRows * (a * s + b * c);
  }
}

/** The transform of a field with a parity along each axis. */
function transformOf(shape, parity) {
  return parity.some((sign) => sign !== 0) ? new WalledFourier(shape, parity) : new Fourier(shape);
}
