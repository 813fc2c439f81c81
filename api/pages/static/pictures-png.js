// PNG, decoded here and not by the browser: what a canvas gives back of transparent pixels is rounded,
// and of deep ones browsers keep different bits. Source: the PNG specification (third edition).
"use strict";

import { luma, onWhite } from "./pictures-greys.js";

const GREY = 0;
const COLOUR = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const COLOUR_ALPHA = 6;
const CHANNELS = { [GREY]: 1, [COLOUR]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [COLOUR_ALPHA]: 4 };
const DEPTHS = {
  [GREY]: [1, 2, 4, 8, 16],
  [COLOUR]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [COLOUR_ALPHA]: [8, 16],
};

/** What the header says; null of a picture that the browser has to decode. */
export function headerOf(chunks) {
  const data = chunks[0].data;
  const [depth, kind, , , interlaced] = data.subarray(8, 13);
  if (interlaced || !DEPTHS[kind]?.includes(depth)) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const bits = CHANNELS[kind] * depth;
  return { width, height, depth, kind, pixel: Math.max(1, bits >> 3), row: (width * bits + 7) >> 3 };
}

function chunk(chunks, name) {
  return chunks.find((one) => one.name === name)?.data;
}

/** Undo what a row was stored as, by its neighbours. */
function unfilter(filter, row, above, pixel) {
  const length = row.length;
  if (filter === 1) {
    for (let i = pixel; i < length; i += 1) row[i] += row[i - pixel];
  } else if (filter === 2) {
    for (let i = 0; i < length; i += 1) row[i] += above[i];
  } else if (filter === 3) {
    for (let i = 0; i < length; i += 1) {
      row[i] += ((i < pixel ? 0 : row[i - pixel]) + above[i]) >> 1;
    }
  } else if (filter === 4) {
    for (let i = 0; i < length; i += 1) {
      const left = i < pixel ? 0 : row[i - pixel];
      row[i] += nearest(left, above[i], i < pixel ? 0 : above[i - pixel]);
    }
  } else if (filter !== 0) {
    throw new Error("an unknown filter");
  }
}

function nearest(left, up, corner) {
  const fromLeft = Math.abs(up - corner);
  const fromUp = Math.abs(left - corner);
  const fromCorner = Math.abs(left + up - 2 * corner);
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left;
  return fromUp <= fromCorner ? up : corner;
}

function paletteGreys(chunks) {
  const colours = chunk(chunks, "PLTE") ?? new Uint8Array(0);
  const alphas = chunk(chunks, "tRNS") ?? new Uint8Array(0);
  // Where a palette ends too early, Pillow has a ramp of greys.
  return Uint8Array.from({ length: 256 }, (_, i) => {
    const known = 3 * i + 2 < colours.length;
    const [red, green, blue] = known ? colours.subarray(3 * i, 3 * i + 3) : [i, i, i];
    const alpha = alphas[i] ?? 255;
    return luma(onWhite(red, alpha), onWhite(green, alpha), onWhite(blue, alpha));
  });
}

/** The one level or colour that is transparent, as Pillow compares it. */
function transparentOf(chunks, { kind }) {
  const data = chunk(chunks, "tRNS");
  if (!data || data.length < (kind === COLOUR ? 6 : 2)) return null;
  const levels = Array.from({ length: kind === COLOUR ? 3 : 1 }, (_, i) => {
    return (data[2 * i] << 8) | data[2 * i + 1];
  });
  return levels;
}

function greyReader(header, chunks) {
  const { depth, width } = header;
  const transparent = transparentOf(chunks, header)?.[0] ?? -1;
  if (depth === 16) {
    return (row, to) => {
      for (let x = 0; x < width; x += 1) {
        const whole = (row[2 * x] << 8) | row[2 * x + 1];
        to[x] = whole === transparent ? 255 : row[2 * x];
      }
    };
  }
  const scale = 255 / (2 ** depth - 1);
  const key = transparent & 255;
  return (row, to) => {
    for (let x = 0; x < width; x += 1) {
      const grey = depth === 8 ? row[x] : bitsAt(row, x, depth) * scale;
      to[x] = transparent >= 0 && grey === key ? 255 : grey;
    }
  };
}

function bitsAt(row, x, depth) {
  const place = x * depth;
  return (row[place >> 3] >> (8 - depth - (place & 7))) & (2 ** depth - 1);
}

function colourReader(header, chunks) {
  const { width } = header;
  const key = transparentOf(chunks, header)?.map((level) => level & 255);
  const step = header.depth >> 3;
  return (row, to) => {
    for (let x = 0, at = 0; x < width; x += 1, at += 3 * step) {
      const [red, green, blue] = [row[at], row[at + step], row[at + 2 * step]];
      const clear = key && red === key[0] && green === key[1] && blue === key[2];
      to[x] = clear ? 255 : luma(red, green, blue);
    }
  };
}

function paletteReader({ depth, width }, chunks) {
  const greys = paletteGreys(chunks);
  return (row, to) => {
    for (let x = 0; x < width; x += 1) to[x] = greys[depth === 8 ? row[x] : bitsAt(row, x, depth)];
  };
}

function alphaReader({ kind, depth, width }) {
  const step = depth >> 3;
  const channels = CHANNELS[kind];
  return (row, to) => {
    for (let x = 0, at = 0; x < width; x += 1, at += channels * step) {
      const alpha = row[at + (channels - 1) * step];
      to[x] =
        kind === GREY_ALPHA
          ? onWhite(row[at], alpha)
          : luma(
              onWhite(row[at], alpha),
              onWhite(row[at + step], alpha),
              onWhite(row[at + 2 * step], alpha),
            );
    }
  };
}

function readerOf(header, chunks) {
  if (header.kind === GREY) return greyReader(header, chunks);
  if (header.kind === COLOUR) return colourReader(header, chunks);
  if (header.kind === PALETTE) return paletteReader(header, chunks);
  return alphaReader(header);
}

function inflated(chunks) {
  const stored = chunks.filter((one) => one.name === "IDAT").map((one) => one.data);
  return new Blob(stored).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
}

/**
 * The rows of a PNG from the top, as greys.
 *
 * @param {object} header What `headerOf` found.
 * @param {(row: Uint8Array) => void} take Gets each row; it is overwritten later.
 * @throws {Error} It is damaged or cut off.
 */
export async function readPng(header, chunks, take) {
  const { height, row: length, pixel } = header;
  const read = readerOf(header, chunks);
  const greys = new Uint8Array(header.width);
  const reader = inflated(chunks);
  let above = new Uint8Array(length);
  let line = new Uint8Array(length);
  let filter = -1;
  let filled = 0;
  let rows = 0;
  while (rows < height) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the picture is cut off");
    for (let at = 0; at < value.length && rows < height; ) {
      if (filter < 0) {
        filter = value[at];
        at += 1;
        continue;
      }
      const part = value.subarray(at, at + length - filled);
      line.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < length) continue;
      unfilter(filter, line, above, pixel);
      read(line, greys);
      take(greys);
      [above, line, filter, filled] = [line, above, -1, 0];
      rows += 1;
    }
  }
  reader.cancel().catch(() => {});
}
