// From a picture file to its greys, row by row and upright. Large photographs are read in bands: their
// colours never lie here whole a second time.
"use strict";

import { greysOf } from "./pictures-greys.js";
import { isSideways, storedBox, upright } from "./pictures-orientation.js";
import { headerOf, readPng } from "./pictures-png.js";

const BAND_PIXELS = 1 << 21;
const TEST_SIDE = 48;

// A picture of one pixel, half transparent: lossless WebP.
const SEE_THROUGH = [
  82, 73, 70, 70, 30, 0, 0, 0, 87, 69, 66, 80, 86, 80, 56, 76, 17, 0, 0, 0, 47, 0, 0, 0, 16, 7, 80, 178,
  34, 87, 166, 128, 129, 136, 232, 127, 0, 0,
];
const SEE_THROUGH_PIXEL = [200, 100, 50, 128];

/** More pixels than are read. */
export class TooManyPixels extends Error {}

/**
 * Read a picture.
 *
 * @param {object} held What `takenApart` made of its file.
 * @param {number} most Pixels that are read.
 * @param {(width: number, height: number) => (row: Uint8Array) => void} begin Told the size of the
 *   upright picture; gives what gets its rows from the top.
 * @throws {TooManyPixels}
 * @throws {Error} This browser cannot decode it.
 */
export async function readGreys(held, most, begin) {
  if (held.size) check(held.size, most);
  const header = held.chunks && headerOf(held.chunks);
  if (header) return readOwnPng(held, header, begin);
  const source = await opened(held);
  try {
    check(source.size, most);
    await readBands(source, held.orientation, begin);
  } finally {
    source.close();
  }
}

function check([width, height], most) {
  if (width * height > most) throw new TooManyPixels();
  if (!width || !height) throw new Error("no pixels");
}

async function readOwnPng({ chunks, orientation, size }, header, begin) {
  const [width, height] = size;
  if (orientation === 1) return readPng(header, chunks, begin(width, height));
  const greys = new Uint8Array(width * height);
  let at = 0;
  await readPng(header, chunks, (row) => {
    greys.set(row, at);
    at += width;
  });
  giveRows(upright(greys, width, orientation), sizeOf(size, orientation), begin);
}

function sizeOf([width, height], orientation) {
  return isSideways(orientation) ? [height, width] : [width, height];
}

function giveRows(greys, [width, height], begin) {
  const take = begin(width, height);
  for (let at = 0; at < greys.length; at += width) take(greys.subarray(at, at + width));
}

async function readBands(source, orientation, begin) {
  const [width, height] = sizeOf(source.size, orientation);
  const take = begin(width, height);
  const most = Math.max(1, Math.floor(BAND_PIXELS / width));
  for (let top = 0; top < height; top += most) {
    const box = storedBox(top, Math.min(most, height - top), source.size, orientation);
    const greys = upright(greysOf(await source.pixels(...box)), box[2], orientation);
    for (let at = 0; at < greys.length; at += width) take(greys.subarray(at, at + width));
  }
}

async function opened({ parts, type, alpha }) {
  // In one piece: Firefox knows a picture by its first part alone, which may be two bytes.
  const data = await new Blob(parts).arrayBuffer();
  if (alpha && type !== "image/gif" && (await isDecoderTrue())) {
    // A canvas multiplies colours by what is transparent, and rounds them.
    const frame = await frameOf(data, type).catch(() => null);
    if (frame) return frame;
  }
  return bitmapOf(new Blob([data], { type }));
}

let decoderTrue;

/** Whether a decoder gives colours as they are stored, but for rounding: Firefox gives them multiplied. */
function isDecoderTrue() {
  decoderTrue ??= (async () => {
    const frame = await frameOf(Uint8Array.from(SEE_THROUGH).buffer, "image/webp");
    const pixel = await frame.pixels(0, 0, 1, 1);
    frame.close();
    return SEE_THROUGH_PIXEL.every((level, channel) => Math.abs(pixel[channel] - level) <= 2);
  })().catch(() => false);
  return decoderTrue;
}

async function frameOf(data, type) {
  const decoder = new ImageDecoder({ data, type, colorSpaceConversion: "none" });
  const { image } = await decoder.decode({ frameIndex: 0 });
  return {
    size: [image.codedWidth, image.codedHeight],
    async pixels(x, y, width, height) {
      const pixels = new Uint8Array(4 * width * height);
      await image.copyTo(pixels, { rect: { x, y, width, height }, format: "RGBA" });
      return pixels;
    },
    close() {
      image.close();
      decoder.close();
    },
  };
}

async function bitmapOf(file) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  return {
    size: [bitmap.width, bitmap.height],
    async pixels(x, y, width, height) {
      const context = contextOf(width, height);
      context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
      return context.getImageData(0, 0, width, height).data;
    },
    close() {
      bitmap.close();
    },
  };
}

function contextOf(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = false;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  return context;
}

/** Whether a canvas gives back what was drawn: some browsers change it, so that nobody is traced. */
export function isCanvasTrue() {
  const context = contextOf(TEST_SIDE, TEST_SIDE);
  const level = (x, y, channel) => (x * 5 + y * (3 + channel) + channel * 40) % 256;
  for (let y = 0; y < TEST_SIDE; y += 1) {
    for (let x = 0; x < TEST_SIDE; x += 1) {
      context.fillStyle = `rgb(${level(x, y, 0)} ${level(x, y, 1)} ${level(x, y, 2)})`;
      context.fillRect(x, y, 1, 1);
    }
  }
  const { data } = context.getImageData(0, 0, TEST_SIDE, TEST_SIDE);
  return data.every((value, i) => {
    const [pixel, channel] = [i >> 2, i & 3];
    const [x, y] = [pixel % TEST_SIDE, Math.floor(pixel / TEST_SIDE)];
    return value === (channel === 3 ? 255 : level(x, y, channel));
  });
}
