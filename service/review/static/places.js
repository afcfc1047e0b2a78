"use strict";
// Where boxes are, [left, top, right, bottom] in pixels of the photo, and in which order.

const LEAST = 2;
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const middle = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// Whole pixels, the right way round, on the photo, and never smaller than a box can be.
export function inside([x0, y0, x1, y1], [width, height]) {
  const side = (a, b, length) => {
    const low = clamp(Math.round(Math.min(a, b)), 0, length - LEAST);
    return [low, clamp(Math.round(Math.max(a, b)), low + LEAST, length)];
  };
  const [left, right] = side(x0, x1, width);
  const [top, bottom] = side(y0, y1, height);
  return [left, top, right, bottom];
}

// Along the display, whichever way it lies: as those boxes go that were read.
export function inOrder(boxes, read) {
  const [dx, dy] = direction(boxes.map(middle), read.map(middle));
  const along = (box) => { const [x, y] = middle(box); return x * dx + y * dy; };
  return [...boxes].sort((a, b) => along(a) - along(b));
}

function direction(middles, read) {
  const spread = (i) => {
    const values = middles.map((its) => its[i]);
    return Math.max(...values) - Math.min(...values);
  };
  const axis = middles.length > 1 && spread(1) > spread(0) ? 1 : 0;
  const isBackwards = read.length > 1 && read.at(-1)[axis] < read[0][axis];
  const way = isBackwards ? -1 : 1;
  return axis ? [0, way] : [way, 0];
}

// Where a digit is most likely missing: in a wide gap, else behind the last, else before the first.
export function guess(row, [x, y, w, h], size) {
  if (!row.length) return inside([x + w * 0.4, y + h * 0.25, x + w * 0.6, y + h * 0.75], size);
  const width = median(row.map((box) => box[2] - box[0]));
  const height = median(row.map((box) => box[3] - box[1]));
  const middles = row.map(middle);
  const steps = middles.slice(1).map((its, i) => [its[0] - middles[i][0], its[1] - middles[i][1]]);
  const lengths = steps.map((its) => Math.hypot(...its));
  const usual = lengths.length ? steps[lengths.indexOf(median(lengths))] : [width * 1.25, 0];
  const widest = lengths.indexOf(Math.max(...lengths));
  let [cx, cy] = [0, 1].map((i) => middles.at(-1)[i] + usual[i]);
  if (lengths[widest] > 1.5 * Math.hypot(...usual)) {
    [cx, cy] = [0, 1].map((i) => (middles[widest][i] + middles[widest + 1][i]) / 2);
  } else if (cx + width / 2 > size[0] || cy + height / 2 > size[1]) {
    [cx, cy] = [0, 1].map((i) => middles[0][i] - usual[i]);
  }
  return inside([cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2], size);
}
