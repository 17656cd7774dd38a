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
   * @param settings law (content of law.json), shape, duration of the data, initial fields as base64 of
   *   float32, terms of the equation as formulas of the coefficients c0, c1, ...
   */
  constructor(root, settings) {
    this.root = root;
    this.settings = settings;
    this.fields = settings.fields.map((text) => Float64Array.from(new Float32Array(bytesOf(text).buffer)));
    this.simulator = new Simulator({ law: settings.law, field: this.fields[0], shape: settings.shape });
    const find = (name) => root.querySelector(`[data-part=${name}]`);
    this.parts = Object.fromEntries(
      ["play", "reset", "restore", "choice", "speed", "label", "message", "field", "energy"].map((n) => [n, find(n)]),
    );
    this.playing = false;
    this.#connect();
    this.reset();
    whileSeen(this.parts.field, () => this.playing, () => this.tick());
  }

  #connect() {
    const { play, reset, restore, choice, field } = this.parts;
    play.addEventListener("click", () => this.play(!this.playing));
    reset.addEventListener("click", () => this.reset());
    restore.addEventListener("click", () => this.restore());
    choice?.addEventListener("change", () => this.reset());
    window.addEventListener("resize", () => this.draw());
    this.sliders = [...this.root.querySelectorAll("input[data-factor]")];
    for (const slider of this.sliders) slider.addEventListener("input", () => this.change(slider));
    for (const kind of ["pointerdown", "pointermove"])
      field.addEventListener(kind, (event) => event.buttons && this.poke(event));
  }

  /** Begins again, from the initial field that is chosen. */
  reset() {
    const field = this.fields[Number(this.parts.choice?.value ?? 0)];
    this.simulator.reset(field);
    this.range = rangeOf(field, this.settings.shape.length === 2);
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
  poke(event) {
    const { field } = this.parts, { shape, law } = this.settings, [low, high] = this.range;
    if (shape.length === 1) {
      const frame = frameOf(field, [0, law.lengths[0]], this.range), place = frame.xBack(event.offsetX) / law.lengths[0];
      const here = this.simulator.field[((Math.floor(place * shape[0]) % shape[0]) + shape[0]) % shape[0]];
      this.simulator.perturb([place], (frame.yBack(event.offsetY) - here) / 2, WIDTH);
    } else {
      const place = [event.offsetX / field.clientWidth, 1 - event.offsetY / field.clientHeight];
      this.simulator.perturb(place, ((event.shiftKey ? -1 : 1) * (high - low)) / 4, WIDTH);
    }
    this.draw();
  }

  draw() {
    const { simulator, history } = this, { law, shape } = this.settings;
    if (!simulator.lost) {
      history.t.push(simulator.time);
      history.V.push(simulator.energy);
      if (history.t.length > KEPT) // every second one, so that the curve keeps its beginning
        for (const name of ["t", "V"]) history[name] = history[name].filter((_, i) => i % 2 === 0);
    }
    const [low, high] = rangeOf(simulator.field);
    if (low < this.range[0] || high > this.range[1])
      this.range = [Math.min(low, this.range[0]), Math.max(high, this.range[1])];
    if (shape.length === 2) drawPicture(this.parts.field, simulator.field, shape, this.range);
    else {
      const [length] = law.lengths, curve = around(simulator.field, length, { colour: "--law", width: 2 });
      drawCurves(this.parts.field, [0, length], this.range, [curve]);
    }
    const end = Math.max(history.t.at(-1) ?? 0, history.t[0] + this.settings.duration / 4 || 0);
    drawCurves(this.parts.energy, [history.t[0] ?? 0, end], widened(rangeOf(history.V)), [
      { x: history.t, y: history.V, colour: "--energy", width: 2 },
    ]);
    this.#write();
  }

  /** Time, energy, and the equation with the coefficients of now. */
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
      span.textContent = `${value < 0 ? "−" : i ? "+" : ""} ${shown}`;
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
