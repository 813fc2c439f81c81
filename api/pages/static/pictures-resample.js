// Pillow's LANCZOS for greys of 8 bits, to the bit: weights in fixed point, one direction after the
// other, 8 bits in between. Rows come one after another, so that no picture need lie here whole.
"use strict";

const BITS = 22;
const HALF = 1 << (BITS - 1);
const REACH = 3;

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function lanczos(x) {
  return -REACH <= x && x < REACH ? sinc(x) * sinc(x / REACH) : 0;
}

function fixed(weight) {
  return Math.trunc(weight * (1 << BITS) + (weight < 0 ? -0.5 : 0.5));
}

/**
 * What each pixel of a shorter line is made of.
 *
 * @returns {{first: Int32Array, count: Int32Array, values: Int32Array, most: number}} By pixel: the
 *   first of the longer line, how many, and from `pixel * most` on their weights.
 */
export function weightsOf(length, shorter) {
  const scale = length / shorter;
  const spread = Math.max(scale, 1);
  const reach = REACH * spread;
  const most = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(shorter);
  const count = new Int32Array(shorter);
  const values = new Int32Array(shorter * most);
  const line = new Float64Array(most);
  for (let pixel = 0; pixel < shorter; pixel += 1) {
    const centre = (pixel + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(length, Math.trunc(centre + reach + 0.5));
    let sum = 0;
    for (let at = start; at < end; at += 1) {
      line[at - start] = lanczos((at - centre + 0.5) * (1 / spread));
      sum += line[at - start];
    }
    first[pixel] = start;
    count[pixel] = end - start;
    for (let i = 0; i < end - start; i += 1) {
      values[pixel * most + i] = fixed(sum === 0 ? line[i] : line[i] / sum);
    }
  }
  return { first, count, values, most };
}

function clipped(sum) {
  const grey = sum >> BITS;
  return grey < 0 ? 0 : grey > 255 ? 255 : grey;
}

/** Make a row shorter: `to` gets the greys of `row` from `offset` on, weighed. */
export function shorten(row, offset, weights, to) {
  const { first, count, values, most } = weights;
  for (let pixel = 0; pixel < to.length; pixel += 1) {
    const start = offset + first[pixel];
    const base = pixel * most;
    const end = count[pixel];
    let sum = HALF;
    for (let i = 0; i < end; i += 1) {
      sum = (sum + Math.imul(row[start + i], values[base + i])) | 0;
    }
    to[pixel] = clipped(sum);
  }
}

/** Makes columns shorter: takes rows from the top, and hands on those of the lower picture. */
export class Lowering {
  /**
   * @param {number} height Of the picture.
   * @param {number} lower The height that it is to have.
   * @param {number} width Of its rows.
   * @param {(row: Uint8Array, place: number) => void} take Gets each row; it is overwritten later.
   */
  constructor(height, lower, width, take) {
    this.weights = weightsOf(height, lower);
    this.lower = lower;
    this.take = take;
    this.done = new Uint8Array(width);
    this.at = 0; // the row that comes next
    this.next = 0; // the lower picture's first row that is not finished
    this.begun = []; // sums of those under way, from `next` on
    this.spare = [];
  }

  add(row) {
    const { first, count, values, most } = this.weights;
    for (let place = this.next; place < this.lower && first[place] <= this.at; place += 1) {
      const sums = this.sumsOf(place);
      const weight = values[place * most + this.at - first[place]];
      if (this.at >= first[place] + count[place]) continue;
      for (let x = 0; x < row.length; x += 1) sums[x] += Math.imul(row[x], weight);
    }
    this.at += 1;
    while (this.next < this.lower && first[this.next] + count[this.next] <= this.at) this.finish();
  }

  sumsOf(place) {
    while (this.begun.length <= place - this.next) {
      const sums = this.spare.pop() ?? new Int32Array(this.done.length);
      this.begun.push(sums.fill(HALF));
    }
    return this.begun[place - this.next];
  }

  finish() {
    const sums = this.sumsOf(this.next);
    for (let x = 0; x < sums.length; x += 1) this.done[x] = clipped(sums[x]);
    this.spare.push(this.begun.shift());
    const place = this.next;
    this.next += 1;
    this.take(this.done, place);
  }
}

/** Whether Pillow makes columns shorter before rows: where that leaves out much more at once. */
export function isLoweredFirst(width, height, narrow, low) {
  return height > low && height - low > 2 * (width - narrow);
}

/** Resizes a picture whose rows come from the top. */
export class Resizing {
  /** @param {(row: Uint8Array, place: number) => void} take Gets each row; overwritten later. */
  constructor(width, height, narrow, low, take) {
    const weights = weightsOf(width, narrow);
    this.short = new Uint8Array(narrow);
    if (isLoweredFirst(width, height, narrow, low)) {
      const lowering = new Lowering(height, low, width, (row, place) => {
        shorten(row, 0, weights, this.short);
        take(this.short, place);
      });
      this.add = (row) => lowering.add(row);
    } else {
      const lowering = new Lowering(height, low, narrow, take);
      this.add = (row) => {
        shorten(row, 0, weights, this.short);
        lowering.add(this.short);
      };
    }
  }
}
