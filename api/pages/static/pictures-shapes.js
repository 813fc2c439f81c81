// A picture in the shapes in which collections store it, each as the small greys that are hashed: as
// it is, the largest square around its centre, and on the middle of a white square.
"use strict";

import { Lowering, Resizing, isLoweredFirst, shorten, weightsOf } from "./pictures-resample.js";

const LONGEST_PADDED = 8192;
const WHITE = 255;

/** Python's round: a half goes to the even neighbour. */
function rounded(number) {
  const down = Math.floor(number);
  const rest = number - down;
  if (rest !== 0.5) return Math.round(number);
  return down % 2 === 0 ? down : down + 1;
}

/** Where a shape lies on the picture, or the picture on it: left, top, width and height. */
function frameOf(width, height, shape) {
  if (shape === "original") return [0, 0, width, height];
  const side = shape === "square" ? Math.min(width, height) : Math.max(width, height);
  return [-Math.floor((side - width) / 2), -Math.floor((side - height) / 2), side, side];
}

/** Rows of the picture from one column to another, made as short as the greys that are hashed. */
class Columns {
  constructor(left, width, of, side) {
    this.weights = weightsOf(width, side);
    this.short = new Uint8Array(side);
    this.left = Math.max(left, 0);
    this.place = Math.max(-left, 0);
    this.white = new Uint8Array(width).fill(WHITE);
    this.wide = this.place || width > of ? this.white.slice() : null;
  }

  shorten(row) {
    if (this.wide) {
      this.wide.set(row, this.place);
      shorten(this.wide, 0, this.weights, this.short);
    } else {
      shorten(row, this.left, this.weights, this.short);
    }
    return this.short;
  }

  shortenedWhite() {
    shorten(this.white, 0, this.weights, this.short);
    return this.short.slice();
  }
}

/** One shape, made of shortened rows. */
class Shape {
  constructor(top, height, side) {
    this.top = top;
    this.bottom = top + height;
    this.at = 0;
    this.greys = new Uint8Array(side * side);
    this.lowering = new Lowering(height, side, side, (row, place) => {
      this.greys.set(row, place * side);
    });
  }

  pad(white, rows) {
    for (let i = 0; i < rows; i += 1) this.lowering.add(white);
  }

  add(short) {
    if (this.at >= this.top && this.at < this.bottom) this.lowering.add(short);
    this.at += 1;
  }
}

/** All shapes of a picture that comes row by row. */
class Reduction {
  constructor(width, height, shapes, sides) {
    this.height = height;
    this.groups = new Map();
    this.tall = [];
    this.made = [];
    for (const side of sides) {
      for (const name of shapes) {
        if (name === "original" && isLoweredFirst(width, height, side, side)) {
          this.addTall(width, height, side);
          continue;
        }
        const [left, top, wide, high] = frameOf(width, height, name);
        const key = `${left} ${wide} ${side}`;
        if (!this.groups.has(key)) {
          this.groups.set(key, { columns: new Columns(left, wide, width, side), shapes: [] });
        }
        const { columns, shapes: group } = this.groups.get(key);
        const shape = new Shape(top, high, side);
        if (top < 0) shape.pad(columns.shortenedWhite(), -top);
        group.push(shape);
        this.made.push({ name, side, greys: shape.greys });
      }
    }
  }

  addTall(width, height, side) {
    const greys = new Uint8Array(side * side);
    const keep = (row, place) => greys.set(row, place * side);
    this.tall.push(new Resizing(width, height, side, side, keep));
    this.made.push({ name: "original", side, greys });
  }

  add(row) {
    for (const resizing of this.tall) resizing.add(row);
    // A shape that has the same columns as another costs hardly anything more.
    for (const { columns, shapes } of this.groups.values()) {
      const short = columns.shorten(row);
      for (const shape of shapes) shape.add(short);
    }
  }

  finish() {
    for (const { columns, shapes } of this.groups.values()) {
      for (const shape of shapes) {
        const below = shape.bottom - this.height;
        if (below > 0) shape.pad(columns.shortenedWhite(), below);
      }
    }
    return this.made;
  }
}

/** The shapes of a picture, made while its rows come from the top. */
export class Shapes {
  constructor(width, height, sides) {
    const longest = Math.max(width, height);
    if (longest <= LONGEST_PADDED) {
      this.whole = new Reduction(width, height, ["original", "square", "padded"], sides);
      return;
    }
    // A panorama's square would have more pixels than any picture may have.
    this.whole = new Reduction(width, height, ["original", "square"], sides);
    const scale = LONGEST_PADDED / longest;
    const narrow = Math.max(1, rounded(width * scale));
    const low = Math.max(1, rounded(height * scale));
    this.padded = new Reduction(narrow, low, ["padded"], sides);
    this.resizing = new Resizing(width, height, narrow, low, (row) => this.padded.add(row));
  }

  add(row) {
    this.whole.add(row);
    this.resizing?.add(row);
  }

  /** @returns {{name: string, side: number, greys: Uint8Array}[]} */
  finish() {
    return [...this.whole.finish(), ...(this.padded?.finish() ?? [])];
  }
}
