// How a camera was held (EXIF, CIPA DC-008, tag 0x0112), and a stored picture turned accordingly.
"use strict";

const TAG = 0x0112;
const SHORT = 3;
const LONG = 4;

/** 1 to 8; 1, as stored, for whatever is missing or broken. */
export function orientationOf(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  try {
    const order = view.getUint32(0);
    if (order !== 0x49492a00 && order !== 0x4d4d002a) return 1;
    const little = order === 0x49492a00;
    const start = view.getUint32(4, little);
    const count = view.getUint16(start, little);
    for (let at = start + 2; at < start + 2 + 12 * count; at += 12) {
      const kind = view.getUint16(at + 2, little);
      const one = view.getUint32(at + 4, little) === 1;
      if (view.getUint16(at, little) !== TAG || !one || ![SHORT, LONG].includes(kind)) continue;
      const value = kind === SHORT ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
  }
  return 1;
}

/** Whether width and height change places. */
export function isSideways(orientation) {
  return orientation >= 5;
}

/**
 * Where rows of the upright picture lie in the picture as stored.
 *
 * @returns {number[]} Left, top, width and height.
 */
export function storedBox(top, rows, [width, height], orientation) {
  if (isSideways(orientation)) {
    const left = orientation >= 7 ? width - top - rows : top;
    return [left, 0, rows, height];
  }
  const from = orientation === 3 || orientation === 4 ? height - top - rows : top;
  return [0, from, width, rows];
}

/** The greys of a box, `wide` a row, turned upright: row after row. */
export function upright(greys, wide, orientation) {
  if (orientation === 1) return greys;
  const high = greys.length / wide;
  const turned = new Uint8Array(greys.length);
  const sideways = isSideways(orientation);
  const flipsAcross = [2, 3, 7, 8].includes(orientation);
  const flipsDown = [3, 4, 6, 7].includes(orientation);
  const across = sideways ? high : wide;
  const down = sideways ? wide : high;
  for (let y = 0, at = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1, at += 1) {
      const column = sideways ? y : x;
      const row = sideways ? x : y;
      const from = flipsDown ? high - 1 - row : row;
      turned[at] = greys[from * wide + (flipsAcross ? wide - 1 - column : column)];
    }
  }
  return turned;
}
