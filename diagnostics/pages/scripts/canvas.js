"use strict";
// Curves and pictures of fields on a canvas, in the colours of the page and as sharp as the screen.

const LEFT = 62, RIGHT = 22, TOP = 10, BOTTOM = 24, FONT = 13; // of a panel, in pixels of the page

/** The value of a colour of the page, such as "--law". */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A number in three digits, with a true minus; powers of ten where it is very small or large. */
function shortNumber(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5)
    ? String(Number(value.toPrecision(3)).toExponential()).replace("e+", "e")
    : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}

/** Round numbers between two ends, about so many. */
function ticks([low, high], about) {
  const rough = (high - low) / about, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((n) => n * power >= rough);
  const first = Math.ceil(low / step), last = Math.floor(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** A canvas with as many points as the screen has, cleared: its context and its size in pixels of the page. */
function prepared(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Where a panel draws: from values to pixels and back. */
function frameOf(canvas, [left, right], [low, high]) {
  const width = canvas.clientWidth - LEFT - RIGHT, height = canvas.clientHeight - TOP - BOTTOM;
  return {
    x: (value) => LEFT + (width * (value - left)) / (right - left),
    y: (value) => TOP + (height * (high - value)) / (high - low),
    xBack: (pixel) => left + ((pixel - LEFT) * (right - left)) / width,
    yBack: (pixel) => high - ((pixel - TOP) * (high - low)) / height,
  };
}

/**
 * Draws curves in one panel.
 *
 * @param across, along ranges of the vertical and of the horizontal axis.
 * @param curves {x, y, colour, width, dash}: x and y as arrays; what is not finite is left out.
 */
function drawCurves(canvas, along, across, curves) {
  const { context, width, height } = prepared(canvas), frame = frameOf(canvas, along, across);
  context.font = `${FONT}px system-ui, sans-serif`;
  context.fillStyle = colour("--soft");
  context.strokeStyle = colour("--rule");
  context.lineWidth = 1;
  for (const value of ticks(across, 4)) {
    line(context, [[LEFT, frame.y(value)], [width - RIGHT, frame.y(value)]]);
    context.textAlign = "right", context.textBaseline = "middle";
    context.fillText(shortNumber(value), LEFT - 6, frame.y(value));
  }
  for (const value of ticks(along, 5)) {
    context.textAlign = "center", context.textBaseline = "alphabetic";
    context.fillText(shortNumber(value), frame.x(value), height - 6);
  }
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, width - LEFT - RIGHT, height - BOTTOM + 2);
  context.clip();
  for (const { x, y, colour: name, width: thick, dash } of curves) {
    context.strokeStyle = colour(name);
    context.lineWidth = thick;
    context.setLineDash(dash || []);
    line(context, Array.from(y, (value, i) => [frame.x(x[i]), frame.y(value)]));
  }
  context.restore();
}

/**
 * A curve along a box of a length, whose last point is the first one again unless the ends are open.
 *
 * @param ends open, and how many steps from the end the first point lies.
 */
function around(field, length, style, ends = { open: false, first: 0 }) {
  const y = ends.open ? [...field] : [...field, field[0]];
  return { x: y.map((_, i) => ((i + ends.first) * length) / field.length), y, ...style };
}

/** A line through points, with gaps where one is not finite. */
function line(context, points) {
  context.beginPath();
  let drawn = false;
  for (const [x, y] of points) {
    const seen = Number.isFinite(x) && Number.isFinite(y);
    if (seen && drawn) context.lineTo(x, y);
    else if (seen) context.moveTo(x, y);
    drawn = seen;
  }
  context.stroke();
}

const BLUE_TO_RED = [[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]];

/** A table of 256 colours between those that are given. */
const PALETTE = Array.from({ length: 256 }, (_, i) => {
  const at = (i / 255) * (BLUE_TO_RED.length - 1), first = Math.min(Math.floor(at), BLUE_TO_RED.length - 2);
  return BLUE_TO_RED[first].map((c, j) => c + (at - first) * (BLUE_TO_RED[first + 1][j] - c));
});

/** Draws a field of a shape [nx, ny], x to the right and y upwards, in colours from `low` to `high`. */
function drawPicture(canvas, field, [nx, ny], [low, high]) {
  const image = new ImageData(nx, ny);
  for (let i = 0; i < nx; i++)
    for (let j = 0; j < ny; j++) {
      const share = (field[i * ny + j] - low) / (high - low);
      const at = 4 * ((ny - 1 - j) * nx + i);
      if (!Number.isFinite(share)) continue; // transparent
      const rgb = PALETTE[Math.min(255, Math.max(0, Math.round(255 * share)))];
      image.data[at] = rgb[0], image.data[at + 1] = rgb[1], image.data[at + 2] = rgb[2], image.data[at + 3] = 255;
    }
  canvas.width = nx, canvas.height = ny; // the browser scales it
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The range of values, with some room; symmetric about 0 where it holds 0 and `even` asks for it. */
function rangeOf(values, even = false) {
  let low = Infinity, high = -Infinity;
  for (const value of values)
    if (Number.isFinite(value)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (low > high) return [-1, 1];
  if (even && low <= 0 && high >= 0) high = Math.max(-low, high), low = -high;
  const room = 0.06 * (high - low) || 0.06 * Math.abs(high) || 1e-12;
  return even ? [low || -room, high || room] : [low - room, high + room];
}

/** Calls `draw` in every picture of the screen while `playing()`, the canvas is seen, and the page is open. */
function whileSeen(canvas, playing, draw) {
  let seen = true;
  new IntersectionObserver(([entry]) => (seen = entry.isIntersecting)).observe(canvas);
  const next = (now) => {
    if (playing() && seen) draw(now);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}
