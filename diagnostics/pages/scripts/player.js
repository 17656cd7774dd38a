"use strict";
// Data, law and their difference over time. The fields come as whole numbers between two ends, 1 for the lowest
// and the largest that 8 or 16 bits hold for the highest, 0 for none, in base64.

const SECONDS = 6; // that a film takes

/** The bytes of base64. */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Fields that were packed between two ends, as Float32Array; NaN where there is none. */
function unpacked({ bytes, low, high }, bits) {
  const codes = bits === 8 ? bytesOf(bytes) : new Uint16Array(bytesOf(bytes).buffer);
  const step = (high - low) / (2 ** bits - 2);
  return Float32Array.from(codes, (code) => (code ? low + (code - 1) * step : NaN));
}

class Player {
  /**
   * @param root the element with canvases and controls.
   * @param film shape and lengths of the box, and trajectories of {times, data, difference}, frame after frame.
   */
  constructor(root, film) {
    this.film = film;
    this.size = film.shape.reduce((a, b) => a * b);
    const find = (name) => root.querySelector(`[data-part=${name}]`);
    [this.button, this.slider, this.label, this.choice] = ["play", "time", "label", "choice"].map(find);
    [this.both, this.data, this.law, this.difference] = ["both", "data", "law", "difference"].map(find);
    this.scale = find("scale");
    this.slider.max = film.trajectories[0].times.length - 1;
    this.playing = false;
    this.button.addEventListener("click", () => this.play(!this.playing));
    this.slider.addEventListener("input", () => {
      this.play(false);
      this.at = Number(this.slider.value);
      this.draw();
    });
    this.choice?.addEventListener("change", () => this.choose(Number(this.choice.value)));
    window.addEventListener("resize", () => this.draw());
    this.choose(0);
    whileSeen(this.difference, () => this.playing, (now) => this.tick(now));
  }

  /** Shows another trajectory, from its start. */
  choose(trajectory) {
    const { times, data, difference } = this.film.trajectories[trajectory], { bits } = this.film;
    this.of = { times, data: unpacked(data, bits), difference: unpacked(difference, bits) };
    this.of.law = this.of.data.map((u, i) => u + this.of.difference[i]);
    this.range = rangeOf(this.of.data, this.film.shape.length === 2);
    this.differenceRange = rangeOf(this.of.difference, true);
    this.at = 0;
    this.draw();
  }

  play(playing) {
    this.playing = playing;
    this.last = null;
    this.button.textContent = playing ? "Pause" : "Play";
  }

  tick(now) {
    const frames = this.of.times.length;
    if (this.last !== null) this.at = (this.at + ((now - this.last) / 1000 / SECONDS) * frames) % frames;
    this.last = now;
    this.draw();
  }

  frame(name) {
    const i = Math.floor(this.at);
    return this.of[name].subarray(i * this.size, (i + 1) * this.size);
  }

  draw() {
    const { film } = this, [data, law, difference] = ["data", "law", "difference"].map((name) => this.frame(name));
    this.slider.value = Math.floor(this.at);
    this.label.textContent = `t = ${shortNumber(this.of.times[Math.floor(this.at)])}`;
    if (film.shape.length === 2) {
      drawPicture(this.data, data, film.shape, this.range);
      drawPicture(this.law, law, film.shape, this.range);
      drawPicture(this.difference, difference, film.shape, this.differenceRange);
      this.scale.textContent = shortNumber(this.differenceRange[1]);
      return;
    }
    const [length] = film.lengths;
    drawCurves(this.both, [0, length], this.range, [
      around(data, length, { colour: "--data", width: 5 }, film),
      around(law, length, { colour: "--law", width: 1.8 }, film),
    ]);
    drawCurves(this.difference, [0, length], this.differenceRange, [
      around(difference, length, { colour: "--law", width: 1.5 }, film),
    ]);
  }
}
