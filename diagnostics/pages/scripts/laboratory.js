"use strict";
// The law in motion, in the hands of the reader: play, poke, change coefficients, see the energy.

const PLAYED = 8; // seconds for the time that the data span
const BUSY = 30; // milliseconds of one picture that go into steps at most
const WIDTH = 0.025; // of a poke, of the box
const KEPT = 600; // energies that the curve holds
const LEAST_SPAN = 0.05; // of the energy: rounding does not fill a panel

class Laboratory {
  /**
   * @param root the element with canvases and controls.
   * @param settings law as for `Member`, shape, duration of the data, `starts`: initial fields as base64 of
   *   float32, terms of the equations as formulas of the coefficients c0, c1, ...
   */
  constructor(root, settings) {
    this.root = root;
    this.settings = settings;
    this.starts = settings.starts.map((text) => Float64Array.from(new Float32Array(bytesOf(text).buffer)));
    this.simulator = new Simulator({ law: settings.law, field: this.starts[0], shape: settings.shape });
    const find = (name) => root.querySelector(`[data-part=${name}]`);
    this.parts = Object.fromEntries(
      ["play", "reset", "restore", "choice", "speed", "label", "message", "fields", "energy"].map((n) => [n, find(n)]),
    );
    this.canvases = [...root.querySelectorAll("[data-part=field]")]; // one for each field that is shown
    this.playing = false;
    this.#connect();
    this.reset();
    whileSeen(this.parts.fields, () => this.playing, () => this.tick());
  }

  #connect() {
    const { play, reset, restore, choice } = this.parts;
    play.addEventListener("click", () => this.play(!this.playing));
    reset.addEventListener("click", () => this.reset());
    restore.addEventListener("click", () => this.restore());
    choice?.addEventListener("change", () => this.reset());
    window.addEventListener("resize", () => this.draw());
    this.sliders = [...this.root.querySelectorAll("input[data-factor]")];
    for (const slider of this.sliders) slider.addEventListener("input", () => this.change(slider));
    for (const canvas of this.canvases)
      for (const kind of ["pointerdown", "pointermove"])
        canvas.addEventListener(kind, (event) => event.buttons && this.poke(canvas, event));
  }

  /** Begins again, from the initial field that is chosen. */
  reset() {
    this.simulator.reset(this.starts[Number(this.parts.choice?.value ?? 0)]);
    this.ranges = this.simulator.fields.map((field) => rangeOf(field, this.settings.shape.length === 2));
    this.history = { t: [], V: [] };
    this.say("");
    this.draw();
  }

  /** The coefficients that were found. */
  restore() {
    for (const slider of this.sliders) {
      slider.value = 1;
      this.change(slider);
    }
  }

  /** A coefficient becomes so many times what was found. */
  change(slider) {
    const { factor, index } = slider.dataset, found = this.settings.law[factor][index].value;
    this.simulator.change(factor, Number(index), found * Number(slider.value));
    this.history = { t: [], V: [] }; // another energy
    this.draw();
  }

  play(playing) {
    this.playing = playing && !this.simulator.lost;
    this.parts.play.textContent = this.playing ? "Pause" : "Play";
  }

  say(text) {
    this.parts.message.textContent = text;
  }

  /** One picture later. */
  tick() {
    const speed = 2 ** Number(this.parts.speed.value);
    this.simulator.advance((speed * this.settings.duration) / (60 * PLAYED), BUSY);
    if (this.simulator.lost) {
      this.play(false);
      this.say("The field has grown beyond all bounds: with these coefficients the equation has no solution from here on. Reset the field.");
    }
    this.draw();
  }

  /** In one dimension the curve comes half the way to the pointer; in two a bump is added, or taken (shift). */
  poke(canvas, event) {
    const { shape, law } = this.settings, i = Number(canvas.dataset.field), [low, high] = this.ranges[i];
    if (shape.length === 1) {
      const frame = frameOf(canvas, [0, law.lengths[0]], [low, high]), place = frame.xBack(event.offsetX) / law.lengths[0];
      const here = this.simulator.fields[i][((Math.floor(place * shape[0]) % shape[0]) + shape[0]) % shape[0]];
      this.simulator.perturb([place], (frame.yBack(event.offsetY) - here) / 2, WIDTH, i);
    } else {
      const place = [event.offsetX / canvas.clientWidth, 1 - event.offsetY / canvas.clientHeight];
      this.simulator.perturb(place, ((event.shiftKey ? -1 : 1) * (high - low)) / 4, WIDTH, i);
    }
    this.draw();
  }

  draw() {
    const { simulator, history } = this;
    if (!simulator.lost) {
      history.t.push(simulator.time);
      history.V.push(simulator.energy);
      if (history.t.length > KEPT) // every second one, so that the curve keeps its beginning
        for (const name of ["t", "V"]) history[name] = history[name].filter((_, i) => i % 2 === 0);
    }
    for (const canvas of this.canvases) this.#drawField(canvas, Number(canvas.dataset.field));
    const end = Math.max(history.t.at(-1) ?? 0, history.t[0] + this.settings.duration / 4 || 0);
    drawCurves(this.parts.energy, [history.t[0] ?? 0, end], widened(rangeOf(history.V)), [
      { x: history.t, y: history.V, colour: "--energy", width: 2 },
    ]);
    this.#write();
  }

  /** A field, in a range that grows with it. */
  #drawField(canvas, i) {
    const { law, shape } = this.settings, field = this.simulator.fields[i], [low, high] = rangeOf(field);
    if (low < this.ranges[i][0] || high > this.ranges[i][1])
      this.ranges[i] = [Math.min(low, this.ranges[i][0]), Math.max(high, this.ranges[i][1])];
    if (shape.length === 2) return drawPicture(canvas, field, shape, this.ranges[i]);
    const [length] = law.lengths, walls = law.parities?.[i][0] ? { open: true, first: 0.5 } : undefined;
    const curve = around(field, length, { colour: "--law", width: 2 }, walls);
    return drawCurves(canvas, [0, length], this.ranges[i], [curve]);
  }

  /** Time, energy, and the equations with the coefficients of now. */
  #write() {
    const { simulator, settings } = this, names = {};
    this.parts.label.textContent = `t = ${shortNumber(simulator.time)},  V = ${shortNumber(simulator.energy)}`;
    const values = settings.parameters.map(([factor, i]) => simulator.coefficients(factor)[i]);
    values.forEach((value, j) => (names[`c${j}`] = Float64Array.of(value)));
    this.root.querySelectorAll("[data-term]").forEach((span, i) => {
      this.terms ??= [];
      this.terms[i] ??= onArrays(readFormula(settings.terms[i], Object.keys(names)), 1);
      const value = this.terms[i](names)[0], size = shortNumber(Math.abs(value));
      const shown = size === "1" && span.nextElementSibling ? "" : size;
      span.textContent = `${value < 0 ? "−" : span.dataset.term ? "" : "+"} ${shown}`;
    });
    for (const slider of this.sliders) {
      const value = simulator.coefficients(slider.dataset.factor)[slider.dataset.index];
      slider.nextElementSibling.textContent = shortNumber(value);
    }
  }
}

/** A range that spans at least a share of the size of what is in it. */
function widened([low, high]) {
  const missing = Math.max(0, LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high)) - (high - low)) / 2;
  return [low - missing, high + missing];
}
